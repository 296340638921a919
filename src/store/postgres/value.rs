//! Values of statements with their types. Statements are sent with the types of
//! their values and no name, so that nothing of them outlasts their transaction:
//! PgBouncer may give the next one another server's session.

use tokio_postgres::types::{ToSql, Type};

/// A value of a statement.
pub(super) trait Value: Sync {
    /// With its type.
    fn typed(&self) -> (&(dyn ToSql + Sync), Type);
}

macro_rules! values {
    ($($rust:ty: $name:ident;)*) => {$(
        impl Value for $rust {
            fn typed(&self) -> (&(dyn ToSql + Sync), Type) {
                (self, Type::$name)
            }
        }
    )*};
}

values! {
    bool: BOOL;
    i64: INT8;
    Option<i64>: INT8;
    String: TEXT;
    &str: TEXT;
    Option<String>: TEXT;
    Option<&str>: TEXT;
    Vec<u8>: BYTEA;
    &[u8]: BYTEA;
    Vec<i64>: INT8_ARRAY;
    Vec<Option<i64>>: INT8_ARRAY;
    Vec<String>: TEXT_ARRAY;
    Vec<&str>: TEXT_ARRAY;
    Vec<Option<String>>: TEXT_ARRAY;
    Vec<Option<&str>>: TEXT_ARRAY;
    Vec<Vec<u8>>: BYTEA_ARRAY;
    Vec<Option<Vec<u8>>>: BYTEA_ARRAY;
}
