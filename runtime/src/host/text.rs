//! Text that a guest hands over: cut at its bound, made UTF-8 where the text must arrive whatever it is.
//! Invariant: the result is at most `max` bytes long.

/// The first `max` bytes of a text at most, cut at a character boundary; what is no UTF-8 shows as U+FFFD.
pub(super) fn cut(bytes: &[u8], max: usize) -> String {
    // A replacement is longer than what it replaces, so the bound is applied before (work) and after (length).
    let mut text = String::from_utf8_lossy(&bytes[..bytes.len().min(max)]).into_owned();
    if bytes.len() > max && text.ends_with('\u{FFFD}') {
        // The cut went through a character: drop its first half instead of showing it as broken.
        text.pop();
    }
    text.truncate(text.floor_char_boundary(max));
    text
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn text_is_cut_at_a_character_boundary() {
        assert_eq!(cut("grün".as_bytes(), 3), "gr");
        assert_eq!(cut("grün".as_bytes(), 4), "grü");
        assert_eq!(cut("grün".as_bytes(), 9), "grün");
    }

    #[test]
    fn bytes_that_are_no_text_still_arrive_and_stay_bounded() {
        assert_eq!(cut(b"a\xffb", 9), "a\u{FFFD}b");
        assert!(cut(&[0xff; 64], 16).len() <= 16);
    }
}
