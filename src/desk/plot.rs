//! Plots, drawn here: ink lines on paper, told apart by a label at the line's end.

use serde::Serialize;

/// The drawing's size, in the units of its own.
const WIDTH: f64 = 540.0;
const HEIGHT: f64 = 150.0;
/// Room for labels at the right and numbers at the left.
const RIGHT: f64 = 130.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 22.0;
/// Points of a line; more of them are drawn as means.
const POINTS: usize = 180;
/// Lines at most: more cannot be told apart.
const SERIES: usize = 4;
/// Letters of a name that fit beside a plot.
const LETTERS: usize = 18;
/// Room between two labels.
const LABEL: f64 = 15.0;

/// One line of a plot.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) values: Vec<f64>,
}

/// A plot as its template draws it.
#[derive(Debug, Serialize)]
pub(super) struct Plot {
    title: String,
    /// What it shows, for who does not see it.
    words: String,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    bottom: f64,
    lines: Vec<Line>,
    grid: Vec<Grid>,
    first: String,
    last: String,
}

#[derive(Debug, Serialize)]
struct Line {
    name: String,
    /// As much of it as fits at the line's end.
    short: String,
    points: String,
    tone: usize,
    /// Height of its label.
    label: f64,
}

#[derive(Debug, Serialize)]
struct Grid {
    y: f64,
    words: String,
}

/// Draws series of the same length from `first` to `last`.
pub(super) fn plot(title: &str, mut series: Vec<Series>, first: &str, last: &str) -> Option<Plot> {
    series.truncate(SERIES);
    let count = series.first()?.values.len();
    if count < 2 {
        return None;
    }
    for one in &mut series {
        one.values = thinned(&one.values);
    }
    let most = series.iter().flat_map(|one| one.values.iter().copied());
    let top = nice(most.fold(0.0, f64::max));
    let (inner_width, inner_height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let y = |value: f64| TOP + inner_height * (1.0 - value / top);
    let mut lines: Vec<Line> = series
        .iter()
        .enumerate()
        .map(|(tone, one)| {
            let last = (one.values.len() - 1).max(1) as f64;
            let points: Vec<String> = one
                .values
                .iter()
                .enumerate()
                .map(|(index, value)| {
                    let x = LEFT + inner_width * index as f64 / last;
                    format!("{x:.1},{:.1}", y(*value))
                })
                .collect();
            Line {
                name: one.name.clone(),
                short: short(&one.name),
                points: points.join(" "),
                tone,
                label: y(one.values.last().copied().unwrap_or_default()) + 4.0,
            }
        })
        .collect();
    apart(&mut lines, HEIGHT - 4.0);
    let grid = [0.0, 0.5, 1.0].map(|part| Grid {
        y: y(top * part),
        words: crate::desk::bars::grouped((top * part).round() as u64),
    });
    let ends = series.iter().map(|one| {
        let ends = (one.values.first(), one.values.last());
        let (from, to) = (
            ends.0.copied().unwrap_or(0.0),
            ends.1.copied().unwrap_or(0.0),
        );
        format!("{} from {from:.0} to {to:.0}", one.name)
    });
    let ends: Vec<String> = ends.collect();
    Some(Plot {
        title: title.to_owned(),
        words: format!("{title}, {first} to {last}: {}", ends.join(", ")),
        width: WIDTH,
        height: HEIGHT,
        left: LEFT,
        right: WIDTH - RIGHT,
        bottom: HEIGHT - BOTTOM + 16.0,
        lines,
        grid: grid.into(),
        first: first.to_owned(),
        last: last.to_owned(),
    })
}

/// A name that fits at a line's end; the list of lines has all of it.
fn short(name: &str) -> String {
    match name.chars().count() > LETTERS {
        true => {
            let kept: String = name.chars().take(LETTERS - 1).collect();
            format!("{}…", kept.trim_end())
        }
        false => name.to_owned(),
    }
}

/// Means of neighbors, so that there are no more points than can be seen.
fn thinned(values: &[f64]) -> Vec<f64> {
    if values.len() <= POINTS {
        return values.to_vec();
    }
    let step = values.len().div_ceil(POINTS);
    let means = values.chunks(step);
    means
        .map(|some| some.iter().sum::<f64>() / some.len() as f64)
        .collect()
}

/// The next round number: 1, 2 or 5 with zeros, even where halves must be whole.
fn nice(most: f64) -> f64 {
    if most <= 2.0 {
        return 2.0;
    }
    let power = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0];
    let next = steps
        .into_iter()
        .map(|step| step * power)
        .find(|step| *step >= most);
    next.unwrap_or(most)
}

/// Moves labels that would lie on each other down, and up again where they would lie
/// below `end`.
fn apart(lines: &mut [Line], end: f64) {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by(|a, b| lines[*a].label.total_cmp(&lines[*b].label));
    let mut last = f64::MIN;
    for index in &order {
        let label = lines[*index].label.max(last + LABEL);
        lines[*index].label = label;
        last = label;
    }
    let mut next = end + LABEL;
    for index in order.iter().rev() {
        let label = lines[*index].label.min(next - LABEL);
        lines[*index].label = label;
        next = label;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_has_four_lines_at_most_and_begins_at_zero() {
        let series = |name: &str, values: &[f64]| Series {
            name: name.to_owned(),
            values: values.to_vec(),
        };
        let many = (0..6).map(|index| series(&index.to_string(), &[1.0, 5.0, 17.0]));
        let drawn = plot("Items", many.collect(), "2025", "2026").unwrap();
        assert_eq!(drawn.lines.len(), 4);
        assert_eq!(drawn.grid[0].words, "0");
        assert_eq!(drawn.grid[2].words, "20");
        let labels: Vec<f64> = drawn.lines.iter().map(|line| line.label).collect();
        assert!(labels.iter().all(|label| *label < HEIGHT), "{labels:?}");
        for pair in labels.windows(2) {
            assert!((pair[0] - pair[1]).abs() >= LABEL, "{labels:?}");
        }
        assert!(plot("Items", vec![series("a", &[1.0])], "", "").is_none());
        assert!(plot("Items", Vec::new(), "", "").is_none());
    }

    #[test]
    fn a_long_name_ends_at_the_edge_of_the_plot() {
        assert_eq!(short("Updates from the Rust Project"), "Updates from the…");
        assert_eq!(short("Articles"), "Articles");
    }

    #[test]
    fn five_thousand_points_are_thinned() {
        let values: Vec<f64> = (0..5000).map(f64::from).collect();
        assert!(thinned(&values).len() <= POINTS);
    }
}
