//! What the public server may make SQLite do. SQLite asks of every statement when
//! it is compiled: what is not named here is refused, whoever wrote the statement
//! and however it came in.

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

/// Lets a connection do no more than strangers need, for as long as it is open.
pub(super) fn restrict(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    connection.authorizer(Some(|context: AuthContext<'_>| {
        match is_allowed(&context.action) {
            true => Authorization::Allow,
            false => Authorization::Deny,
        }
    }))
}

/// Tables of what people say of themselves: they come and go as people do.
const THEIRS: [&str; 8] = [
    "subscriber",
    "suppression",
    "signup",
    "notice",
    "erased",
    "former",
    "lifted",
    "soft_bounce",
];

fn is_allowed(action: &AuthAction<'_>) -> bool {
    match action {
        AuthAction::Select | AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => true,
        AuthAction::Function { function_name } => *function_name != "load_extension",
        // Erased bytes leave the log too.
        AuthAction::Pragma { pragma_name, .. } => *pragma_name == "wal_checkpoint",
        AuthAction::Read {
            table_name,
            column_name,
        } => may_read(table_name, column_name),
        AuthAction::Insert { table_name } => THEIRS.contains(table_name) || *table_name == "meta",
        AuthAction::Update {
            table_name,
            column_name,
        } => may_update(table_name, column_name),
        AuthAction::Delete { table_name } => {
            THEIRS.contains(table_name) || *table_name == "attempt"
        }
        _ => false,
    }
}

/// Whoever has a link is found by their tag, so subscribers are read. Who else is
/// suppressed, what was mailed to others and what waits to be sent is not.
fn may_read(table: &str, column: &str) -> bool {
    match table {
        "subscriber" | "signup" | "former" | "lifted" | "erased" | "soft_bounce" | "meta"
        | "suppressed_domain" | "json_each" => true,
        "suppression" => column != "address",
        "notice" => matches!(column, "" | "id" | "kind" | "key" | "ROWID"),
        "mailing" => matches!(
            column,
            "" | "id" | "issue" | "title" | "confirmed_at" | "ROWID"
        ),
        "delivery" => matches!(
            column,
            "" | "mailing" | "subscriber" | "state" | "code" | "enhanced" | "text" | "at"
        ),
        "attempt" => matches!(column, "" | "mailing" | "subscriber"),
        _ => false,
    }
}

fn may_update(table: &str, column: &str) -> bool {
    match table {
        "subscriber" | "signup" => true,
        "notice" => matches!(column, "address" | "language" | "made_at"),
        "erased" => matches!(column, "subscriber" | "held"),
        // An erasure empties what was said of the person.
        "delivery" => matches!(column, "text" | "note" | "message_id" | "state" | "at"),
        _ => false,
    }
}
