//! Names of those who did something, as people read them.

/// An operator's name without the kind that stands before it; all others keep theirs. A name that
/// could be taken for one of another kind keeps it too.
pub fn shown(author: &str) -> &str {
    let name = author.strip_prefix("operator:");
    name.filter(|name| !name.is_empty() && !name.contains(':'))
        .unwrap_or(author)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_taken_for_another() {
        for (author, name) in [
            ("operator:a.lindgren", "a.lindgren"),
            ("os:root", "os:root"),
            ("operator:os:root", "operator:os:root"),
            ("agent", "agent"),
            ("operator:", "operator:"),
        ] {
            assert_eq!(shown(author), name);
        }
    }
}
