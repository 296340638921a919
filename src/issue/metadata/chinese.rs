//! Chinese numerals, as far as issues are counted with them.

/// The value of a numeral below ten thousand, `十二` or `一百零五`, or of digits
/// in a row, `一〇五`.
pub(crate) fn value(numeral: &str) -> Option<u64> {
    if !numeral.contains(['十', '百', '千']) {
        return numeral.chars().try_fold(0_u64, |value, character| {
            value.checked_mul(10)?.checked_add(digit(character)?)
        });
    }
    let mut total = 0;
    let mut pending = None;
    for character in numeral.chars() {
        let unit = match character {
            '十' => 10,
            '百' => 100,
            '千' => 1000,
            _ => {
                pending = Some(digit(character)?);
                continue;
            }
        };
        total += pending.take().filter(|digit| *digit > 0).unwrap_or(1) * unit;
    }
    (total < 10_000).then_some(total + pending.unwrap_or(0))
}

fn digit(character: char) -> Option<u64> {
    Some(match character {
        '〇' | '零' => 0,
        '一' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerals_have_their_value() {
        let cases = [
            ("一", 1),
            ("十", 10),
            ("十二", 12),
            ("二十", 20),
            ("九十九", 99),
            ("一百", 100),
            ("一百零五", 105),
            ("一百一十", 110),
            ("三百六十五", 365),
            ("一〇五", 105),
        ];
        for (numeral, expected) in cases {
            assert_eq!(value(numeral), Some(expected), "{numeral}");
        }
        assert_eq!(value("甲"), None);
        assert_eq!(value(&"九".repeat(40)), None);
    }
}
