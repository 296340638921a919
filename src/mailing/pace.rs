/// The most messages in a time; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Connections at once.
    pub connections: u32,
    /// Messages in a second.
    pub per_second: u32,
    /// Messages in a minute.
    pub per_minute: u32,
    /// Messages in an hour.
    pub per_hour: u32,
    /// Messages in a day: in any 24 hours.
    pub per_day: u32,
}
