//! Decimals in text, exact: the form that the budget contract writes, and whether a product would have to be rounded. Not here: sums, which
//! only the contract forms. Invariant: no float, and nothing is rounded.

/// Digits that the contract keeps before and after the point.
const DIGITS: usize = 18;

/// The decimal without needless zeros and signs, as the contract writes it; nothing if it is none, or has too many digits.
pub(super) fn canonical(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let sound = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !sound(whole) || !sound(part) || part.len() > DIGITS {
        return None;
    }
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    if whole.len() > DIGITS {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(match (whole, part) {
        ("0", "") => "0".into(),
        (whole, "") => format!("{sign}{whole}"),
        (whole, part) => format!("{sign}{whole}.{part}"),
    })
}

/// True if the product of two canonical decimals has at most 18 digits after the point and fits into what the contract keeps.
pub(super) fn has_exact_product(one: &str, two: &str) -> bool {
    let (Some(one), Some(two)) = (parts(one), parts(two)) else { return false };
    // A factor without zeros at its end has at most 36 digits, so only a product that no contract could keep overflows.
    let Some(mut product) = one.0.checked_mul(two.0) else { return false };
    let mut scale = one.1 + two.1;
    while product != 0 && product % 10 == 0 && scale > 0 {
        product /= 10;
        scale -= 1;
    }
    let Ok(missing) = u32::try_from(DIGITS as i64 - scale) else { return product == 0 };
    10i128.checked_pow(missing).and_then(|power| product.checked_mul(power)).is_some()
}

/// A decimal as a whole number without zeros at its end, and how many of its digits stand after the point (below 0: zeros before it).
fn parts(text: &str) -> Option<(i128, i64)> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let mut units: i128 = format!("{whole}{part}").parse().ok()?;
    let mut scale = part.len() as i64;
    while units != 0 && units % 10 == 0 {
        units /= 10;
        scale -= 1;
    }
    Some((units, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_has_one_form() {
        for (text, form) in [
            ("0", "0"),
            ("-0.00", "0"),
            ("007", "7"),
            ("12.50", "12.5"),
            ("-0.05", "-0.05"),
            ("999999999999999999.999999999999999999", "999999999999999999.999999999999999999"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(form));
        }
    }

    #[test]
    fn a_product_that_would_be_rounded_is_known() {
        for (one, two) in [
            ("19.99", "3"),
            ("0.5", "0.2"),
            ("999999999999999999", "1"),
            ("0.000000001", "0.000000001"),
            ("0", "0.000000000000000001"),
            ("1000000", "0.000000000000000001"),
            ("-1500.25", "1.0837"),
            ("100000000000000000", "1000"),
        ] {
            assert!(has_exact_product(one, two), "{one} x {two}");
        }
        for (one, two) in [
            ("0.000000001", "0.0000000001"),
            ("0.000000000000000003", "0.5"),
            ("999999999999999999", "999999999999999999"),
            ("999999999999999999.999999999999999999", "1.000000000000000001"),
            ("1000000000000", "1000000000000"),
        ] {
            assert!(!has_exact_product(one, two), "{one} x {two}");
        }
    }
}
