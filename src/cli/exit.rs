/// What the program tells the shell. Scripts rely on these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All done. A closed pipe is that too.
    Done = 0,
    /// Something failed that is nobody's wrong usage: a disk, a network.
    Unexpected = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// The issue (or settings, under `check`) has errors.
    Findings = 3,
    /// Finished, but some messages were rejected or their fate is unknown, or
    /// some lines of a list were not understood or somebody was not taken in.
    Partial = 4,
    /// Unfinished; run it again (`EX_TEMPFAIL` of sysexits.h).
    Again = 75,
}
