//! Exact amounts. Not here: what an amount is for (`amount`). Invariant: nothing is ever rounded; what cannot be exact is refused.

use coffer_sdk::prelude::*;

/// Digits after the point that an amount can have.
pub const DIGITS: usize = 18;
/// One, in the smallest unit.
const ONE: i128 = 1_000_000_000_000_000_000;

/// An amount of some currency, or a rate: a whole number of units of 10^-18. So two amounts of one value are equal, whatever they were
/// written like.
#[contract_type]
#[derive(Clone, Copy, Default, PartialOrd, Ord)]
pub struct Decimal {
    /// Units of 10^-18.
    pub units: i128,
}

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self { units: 0 };
    /// An amount given from outside is below this, with 18 digits before the point. So there is room for sums of a hundred of the largest.
    pub const BOUND: Self = Self { units: ONE * ONE };

    /// Reads `-12.50`: an optional sign, digits, and behind a point at most 18 more. `None` for everything else, and for what does not fit.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, part) = match digits.split_once('.') {
            Some((_, "")) => return None,
            Some(both) => both,
            None => (digits, ""),
        };
        if whole.is_empty() || part.len() > DIGITS {
            return None;
        }
        let mut units: i128 = 0;
        let zeros = (part.len()..DIGITS).map(|_| b'0');
        for byte in whole.bytes().chain(part.bytes()).chain(zeros) {
            let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
            units = units.checked_mul(10)?.checked_add(i128::from(digit))?;
        }
        Some(Self { units: if negative { -units } else { units } })
    }

    /// As [`Decimal::parse`] reads it, without zeros that say nothing.
    pub fn text(self) -> String {
        let size = self.units.unsigned_abs();
        let (mut whole, mut part) = (size / ONE.unsigned_abs(), size % ONE.unsigned_abs());
        // Written from the back: the formatting of numbers of 128 bits would be larger than all of this module.
        let mut back = Vec::new();
        let mut left = DIGITS;
        while part != 0 && left > 0 {
            let digit = (part % 10) as u8;
            part /= 10;
            left -= 1;
            if !back.is_empty() || digit != 0 {
                back.push(b'0' + digit);
            }
        }
        if !back.is_empty() {
            back.resize(back.len() + left, b'0');
            back.push(b'.');
        }
        loop {
            back.push(b'0' + (whole % 10) as u8);
            whole /= 10;
            if whole == 0 {
                break;
            }
        }
        if self.units < 0 {
            back.push(b'-');
        }
        back.iter().rev().map(|byte| char::from(*byte)).collect()
    }

    /// The sum, if it fits.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.units.checked_add(other.units).map(|units| Self { units })
    }

    /// The difference, if it fits.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.units.checked_sub(other.units).map(|units| Self { units })
    }

    /// The product, if it is exact with 18 digits after the point and fits.
    pub fn times(self, other: Self) -> Option<Self> {
        if self.units == 0 || other.units == 0 {
            return Some(Self::ZERO);
        }
        // Tens are taken out first, so that the product of what is left fits wherever the result does.
        let (one, tens) = without_tens(self.units);
        let (two, more) = without_tens(other.units);
        let product = one.checked_mul(two)?;
        let tens = tens + more;
        let units = match DIGITS.checked_sub(tens) {
            None | Some(0) => product.checked_mul(power(tens - DIGITS))?,
            Some(missing) => {
                let divisor = power(missing);
                if product % divisor != 0 {
                    return None;
                }
                product / divisor
            }
        };
        Some(Self { units })
    }
}

/// A number other than 0 without the zeros at its end, and how many these were; at most 18 are taken.
fn without_tens(mut units: i128) -> (i128, usize) {
    let mut tens = 0;
    while tens < DIGITS && units % 10 == 0 {
        units /= 10;
        tens += 1;
    }
    (units, tens)
}

fn power(exponent: usize) -> i128 {
    (0..exponent).fold(1, |power, _| power * 10)
}

/// Codes of ISO 4217: the list of 1 January 2026, and BGN, which was valid until the day before and stands in budgets made before.
const CODES: &str = "AEDAFNALLAMDAOAARSAUDAWGAZNBAMBBDBDTBGNBHDBIFBMDBNDBOBBOVBRLBSDBTNBWPBYNBZDCADCDFCHECHFCHWCLFCLPCNYCOPCOUCRC\
CUPCVECZKDJFDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGNFGTQGYDHKDHNLHTGHUFIDRILSINRIQDIRRISKJMDJODJPYKESKGSKHRKMFKPWKRWKWDKYD\
KZTLAKLBPLKRLRDLSLLYDMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMXVMYRMZNNADNGNNIONOKNPRNZDOMRPABPENPGKPHPPKRPLNPYGQARRONRSDRUBRWFSAR\
SBDSCRSDGSEKSGDSHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTNDTOPTRYTTDTWDTZSUAHUGXUSDUSNUYIUYUUYWUZSVEDVESVNDVUVWSTXADXAFXAGXAUXBAXBB\
XBCXBDXCDXCGXDRXOFXPDXPFXPTXSUXTSXUAXXXYERZARZMWZWG";

/// All of them, in the order of the alphabet.
pub fn currencies() -> impl Iterator<Item = &'static str> {
    let codes = CODES.as_bytes().as_chunks::<3>().0;
    codes.iter().filter_map(|code| core::str::from_utf8(code).ok())
}

/// True for the code of a currency, by ISO 4217.
pub fn is_currency(code: &str) -> bool {
    let codes = CODES.as_bytes().as_chunks::<3>().0;
    code.as_bytes().try_into().is_ok_and(|code: [u8; 3]| codes.binary_search(&code).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("`{text}` is no decimal"))
    }

    /// Rule: Exact decimals (i128 of minor units with a scale, at most 18 digits after the point) (+)
    #[test]
    fn a_decimal_is_kept_exactly_with_at_most_18_digits_after_the_point() {
        for (text, shown) in [
            ("0", "0"),
            ("-0", "0"),
            ("12.50", "12.5"),
            ("-0.05", "-0.05"),
            ("007", "7"),
            ("999999999999999999.999999999999999999", "999999999999999999.999999999999999999"),
            ("0.000000000000000001", "0.000000000000000001"),
            ("100", "100"),
            ("10.010", "10.01"),
            ("170141183460469231731.687303715884105727", "170141183460469231731.687303715884105727"),
        ] {
            assert_eq!(decimal(text).text(), shown, "{text}");
            assert_eq!(decimal(shown), decimal(text));
        }
        let wrong = ["", "-", ".5", "5.", "1e3", "1,5", "+1", " 1", "1 ", "--1", "1.-1", "١", "1.2.3", "0x1"];
        let long = ["170141183460469231731.687303715884105728", "0.0000000000000000001"];
        for text in wrong.into_iter().chain(long) {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    /// Rule: No floats anywhere: money never rounds (+)
    #[test]
    fn a_product_is_exact_or_there_is_none() {
        let times = |one: &str, two: &str| decimal(one).times(decimal(two)).map(Decimal::text);
        assert_eq!(times("19.99", "3").as_deref(), Some("59.97"));
        assert_eq!(times("0.5", "0.2").as_deref(), Some("0.1"));
        assert_eq!(times("-1500.25", "1.0837").as_deref(), Some("-1625.820925"));
        assert_eq!(times("999999999999999999", "1").as_deref(), Some("999999999999999999"));
        assert_eq!(times("0.000000001", "0.000000001").as_deref(), Some("0.000000000000000001"));
        assert_eq!(times("0.000000001", "0.0000000001"), None, "19 digits");
        assert_eq!(times("0.000000000000000003", "0.5"), None);
        assert_eq!(times("999999999999999999", "999999999999999999"), None, "too large");
        assert_eq!(times("0", "0.000000000000000001").as_deref(), Some("0"));
    }

    #[test]
    fn sums_that_do_not_fit_are_none() {
        let largest = Decimal { units: i128::MAX };
        assert_eq!(largest.plus(Decimal { units: 1 }), None);
        assert_eq!(Decimal { units: i128::MIN }.minus(Decimal { units: 1 }), None);
        assert_eq!(decimal("0.1").plus(decimal("0.2")), Some(decimal("0.3")));
        assert!(decimal("999999999999999999").units.checked_mul(100).is_some(), "room for sums");
    }

    /// Rule: ISO 4217 codes everywhere (179; unknown refused) (+)
    #[test]
    fn the_179_codes_of_iso_4217_are_currencies_and_nothing_else_is() {
        let codes: Vec<&str> = (0..CODES.len() / 3).map(|i| &CODES[3 * i..3 * i + 3]).collect();
        assert_eq!(codes.len(), 179);
        assert!(codes.is_sorted_by(|one, two| one < two));
        assert!(codes.iter().all(|code| is_currency(code)));
        assert!(currencies().eq(codes));
        for wrong in ["", "EU", "EURO", "eur", "ZZZ", "BGL", "E R", "AEDAFN"] {
            assert!(!is_currency(wrong), "{wrong}");
        }
    }
}
