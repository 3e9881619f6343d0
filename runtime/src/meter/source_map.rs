//! From offsets in an instrumented module back to the module that was uploaded, for traces. Made on demand only. Not here: from there
//! to lines of Rust. Invariant: every offset of the code section belongs to the operator whose instructions are there, those that
//! count gas for it included.

/// Where the code of an instrumented module comes from. Offsets are bytes from the start of the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceMap {
    places: Vec<Place>,
}

/// From `instrumented` up to the next place, the code stands for the operator at `original`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) instrumented: usize,
    /// `None` for code that comes from nowhere.
    pub(super) original: Option<usize>,
}

impl SourceMap {
    /// The offset in the original module of the operator that the instruction at `instrumented` belongs to. `None` outside of the
    /// code section and in functions the pass added.
    pub fn original(&self, instrumented: usize) -> Option<usize> {
        let after = self.places.partition_point(|place| place.instrumented <= instrumented);
        self.places.get(after.checked_sub(1)?)?.original
    }

    /// How many operators it knows.
    pub fn len(&self) -> usize {
        self.places.iter().filter(|place| place.original.is_some()).count()
    }

    /// Whether the module has no code.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn new(places: Vec<Place>) -> Self {
        Self { places }
    }
}

/// Code being written, and where it comes from if somebody asked.
pub(super) struct Code {
    pub(super) bytes: Vec<u8>,
    places: Option<Vec<Place>>,
}

impl Code {
    pub(super) fn new(mapped: bool) -> Self {
        Self { bytes: Vec::new(), places: mapped.then(Vec::new) }
    }

    /// What follows stands for the operator at `original`.
    pub(super) fn mark(&mut self, original: Option<usize>) {
        if let Some(places) = &mut self.places {
            places.push(Place { instrumented: self.bytes.len(), original });
        }
    }

    /// What follows stands for the first operator of `code`.
    pub(super) fn mark_as(&mut self, code: &Self) {
        if let Some(first) = code.places.as_ref().and_then(|places| places.first()) {
            self.mark(first.original);
        }
    }

    /// Takes over all of `code`, which is empty afterwards.
    pub(super) fn append(&mut self, code: &mut Self) {
        if let (Some(places), Some(more)) = (&mut self.places, &mut code.places) {
            let start = self.bytes.len();
            places.extend(more.drain(..).map(|place| Place { instrumented: start + place.instrumented, ..place }));
        }
        self.bytes.append(&mut code.bytes);
    }

    /// The places, counted from `start`.
    pub(super) fn into_places(self, start: usize) -> Vec<Place> {
        let places = self.places.unwrap_or_default().into_iter();
        places.map(|place| Place { instrumented: start + place.instrumented, ..place }).collect()
    }
}
