//! What is known of the counting at a point of a function, and how it joins where ways meet. Not here: the instructions that follow
//! from it. Invariant: what is said holds on every way that leads to the point.

/// Where the gas that is left stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// In the local; the global is out of date.
    Local,
    /// In both.
    Both,
    /// In the global; the local is out of date. Only within a basic block, and where the function ends.
    Global,
}

/// The counting at a point of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flow {
    pub(super) counted: Counted,
    /// The most gas that can have been charged since somebody last looked whether any is left.
    pub(super) unchecked: u64,
}

impl Flow {
    fn join(self, other: Self) -> Self {
        let stale = self.counted == Counted::Local || other.counted == Counted::Local;
        Self {
            counted: if stale { Counted::Local } else { Counted::Both },
            unchecked: self.unchecked.max(other.unchecked),
        }
    }
}

/// The place a branch leads to. `None` as long as no way leads there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Label(pub(super) Option<Flow>);

impl Label {
    /// One more way leads there.
    pub(super) fn reach(&mut self, flow: Flow) {
        self.0 = Some(self.0.map_or(flow, |known| known.join(flow)));
    }
}

/// A block of the source that is open.
#[derive(Clone, Copy, Debug)]
pub(super) enum Opened {
    /// Branches lead back to its head, where gas is charged and looked at anyway.
    Loop,
    /// A `block`, or an arm of an `if` that is no longer waiting for its `else`.
    Block {
        /// Its end.
        end: Label,
    },
    /// An `if` in its first arm.
    If {
        /// Its end.
        end: Label,
        /// What held at the `if`, and so holds at the `else`, or at the end if there is none.
        start: Flow,
    },
}

impl Opened {
    /// A branch with `flow` leads to this block's label.
    pub(super) fn reach(&mut self, flow: Flow) {
        match self {
            Self::Loop => {}
            Self::Block { end } | Self::If { end, .. } => end.reach(flow),
        }
    }
}
