//! Rows of equal length in one of four numbers, so that their number tells little about how many are used. Slots of a marker and wraps of a
//! payload are such rows. Not here: what a row says. Invariant: there are 4, 8, 16 or 32.

use alloc::vec::Vec;
use core::fmt;

use coffer_abi::{Decode, Encode};
use parity_scale_codec::{Error as ScaleError, Input};

use crate::hash::{Domain, hash};

/// How many rows there may be.
pub const COUNTS: [usize; 4] = [4, 8, 16, 32];

/// How many rows have room for so many that are used; `None` above the largest.
pub fn count_for(used: usize) -> Option<usize> {
    COUNTS.into_iter().find(|count| *count >= used)
}

/// 4, 8, 16 or 32 rows of `N` bytes.
#[derive(Clone, PartialEq, Eq, Encode)]
pub struct Rows<const N: usize>(Vec<[u8; N]>);

impl<const N: usize> Rows<N> {
    /// These rows; `None` if there are not 4, 8, 16 or 32.
    pub fn new(rows: Vec<[u8; N]>) -> Option<Self> {
        COUNTS.contains(&rows.len()).then_some(Self(rows))
    }

    /// The rows used, and behind them as many as it takes of those that the seed gives. `None` above 32.
    pub fn filled(mut used: Vec<[u8; N]>, domain: Domain, seed: &[u8; 32]) -> Option<Self> {
        let filling = Filling::new(domain, seed);
        for index in used.len()..count_for(used.len())? {
            used.push(filling.row(index));
        }
        Some(Self(used))
    }

    /// True if the rows behind the first `used`, and as many as there must be, are those that the seed gives.
    pub fn is_filled(&self, used: usize, domain: Domain, seed: &[u8; 32]) -> bool {
        let filling = Filling::new(domain, seed);
        count_for(used) == Some(self.0.len())
            && self.0.iter().enumerate().skip(used).all(|(index, row)| *row == filling.row(index))
    }

    /// The rows.
    pub fn rows(&self) -> &[[u8; N]] {
        &self.0
    }
}

/// A keyed output stream for each row.
struct Filling([u8; 32]);

impl Filling {
    fn new(domain: Domain, seed: &[u8; 32]) -> Self {
        Self(hash(domain, seed).0)
    }

    fn row<const N: usize>(&self, index: usize) -> [u8; N] {
        let mut row = [0; N];
        // There are 32 at most.
        blake3::Hasher::new_keyed(&self.0).update(&[index as u8]).finalize_xof().fill(&mut row);
        row
    }
}

impl<const N: usize> Decode for Rows<N> {
    fn decode<I: Input>(input: &mut I) -> Result<Self, ScaleError> {
        Self::new(Vec::decode(input)?).ok_or_else(|| "there are 4, 8, 16 or 32 rows".into())
    }
}

impl<const N: usize> fmt::Debug for Rows<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows of {N} bytes", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use coffer_abi::codec;

    use super::*;

    #[test]
    fn other_numbers_of_rows_are_refused() {
        for count in 0..70 {
            let bytes = vec![[7_u8; 5]; count].encode();
            assert_eq!(codec::decode::<Rows<5>>(&bytes).is_ok(), COUNTS.contains(&count), "{count}");
            assert_eq!(Rows::new(vec![[7; 5]; count]).is_some(), COUNTS.contains(&count), "{count}");
        }
    }

    #[test]
    fn rows_take_the_next_number_and_are_filled_from_the_seed_alone() {
        for used in 0..=32 {
            let rows = Rows::filled(vec![[1; 5]; used], Domain::SlotFilling, &[9; 32]).unwrap();
            assert_eq!(rows.rows().len(), count_for(used).unwrap());
            assert!(rows.is_filled(used, Domain::SlotFilling, &[9; 32]));
            let is_full = used == rows.rows().len();
            assert_eq!(rows.is_filled(used, Domain::SlotFilling, &[8; 32]), is_full, "another seed");
            assert_eq!(rows.is_filled(used, Domain::WrapFilling, &[9; 32]), is_full, "another domain");
            if used > 0 {
                assert!(!rows.is_filled(used - 1, Domain::SlotFilling, &[9; 32]), "one more is used than said");
            }
            for at in used..rows.rows().len() {
                let mut changed = rows.rows().to_vec();
                changed[at][4] ^= 1;
                assert!(!Rows::new(changed).unwrap().is_filled(used, Domain::SlotFilling, &[9; 32]));
            }
        }
        assert_eq!(Rows::filled(vec![[1; 5]; 33], Domain::SlotFilling, &[9; 32]), None);
        let filled = Rows::<5>::filled(vec![], Domain::SlotFilling, &[9; 32]).unwrap();
        assert_ne!(filled.rows()[0], filled.rows()[1]);
    }
}
