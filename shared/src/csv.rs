//! Cells of files that spreadsheets read (RFC 4180).

/// A cell that no spreadsheet takes for a formula, and no reader for several.
pub fn cell(text: &str) -> String {
    let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number;
    if !formula && !text.contains([',', ';', '"', '\r', '\n']) {
        return text.to_owned();
    }
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn cells_stay_cells_and_never_become_formulas() {
        for (text, expected) in [
            ("", ""),
            ("plain text", "plain text"),
            ("a,b", "\"a,b\""),
            ("a;b", "\"a;b\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+2", "\"'=1+2\""),
            ("@cmd", "\"'@cmd\""),
            ("\tx", "\"'\tx\""),
            ("-2", "-2"),
            ("+1.5", "+1.5"),
            ("-inf", "\"'-inf\""),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }
}
