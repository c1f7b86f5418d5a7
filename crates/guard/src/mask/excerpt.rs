//! Shows the line that a message is about, where nothing in it is a secret.

use kustom_yaml::cut::Cut as _;
use kustom_yaml::place::{Excerpt, Place};

use super::Mask;
use super::known::Known;

/// What a file must be called for a line of it to be shown: of others it is not known what a line
/// of them may hold, and a file that stands for a secret has any name.
const SHOWN: [&str; 4] = [".yaml", ".yml", ".json", ".yq"];

/// Files that are YAML by their whole name.
const NAMES: [&str; 2] = ["Kustomization", "kustom.lock"];

impl Mask {
    /// The line that a place points to, of the files that were learned; none if it holds anything
    /// that no message repeats.
    pub fn excerpt(&self, place: &Place) -> Option<Excerpt> {
        let file = place.file.as_deref()?;
        let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let is_shown = NAMES.contains(&name) || SHOWN.iter().any(|end| name.ends_with(end));
        let known = self.names.get(file).filter(|_| is_shown)?;
        let known = &self.texts[*known];
        let number = place.span.line as usize;
        let start = known.start_of(number)?;
        let excerpt = Excerpt::of(&known.text, start, place.span);
        // All of it counts, also what a long line is cut down to.
        let line = known.text.cut(start..);
        let line = line.cut(..line.find('\n').unwrap_or(line.len()));
        let pointed = self.pointed([place]);
        let is_open = !line.trim().is_empty()
            && known.groups_at(number).next().is_none()
            && self.shown_beside(line, &pointed) == line
            && self.shown_beside(excerpt.line(), &pointed) == excerpt.line();
        is_open.then_some(excerpt)
    }
}

impl Known {
    /// The offset at which a line begins, counted from 1.
    fn start_of(&self, number: usize) -> Option<usize> {
        let starts = self.starts.get_or_init(|| {
            let ends = kustom_yaml::search::all(b'\n', self.text.as_bytes()).map(|at| at + 1);
            std::iter::once(0).chain(ends).collect()
        });
        starts.get(number.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use kustom_yaml::place::Span;

    use super::*;

    fn line(file: &str, line: u32) -> Place {
        let span = Span {
            line,
            column: 3,
            ..Span::default()
        };
        Place::in_file(file, span)
    }

    #[test]
    fn a_line_is_shown_unless_a_secret_stands_in_it() {
        let mut mask = Mask::default();
        let text = "kind: Secret\nstringData:\n  pin: hunter2\n  many: |\n    ab\n    cd\n---\n\
                    kind: ConfigMap\ndata:\n  mode: dark\n  again: hunter2\n  password: x-y-z-1\n";
        mask.learn("a.yaml", text.as_bytes());
        mask.learn("a.env", text.as_bytes());
        let shown = |file, number| {
            let excerpt = mask.excerpt(&line(file, number));
            excerpt.map(|excerpt| excerpt.line().to_owned())
        };
        assert_eq!(shown("a.yaml", 10).as_deref(), Some("  mode: dark"));
        for number in [3, 5, 6, 11, 12, 99, 0] {
            assert_eq!(shown("a.yaml", number), None, "{number}");
        }
        assert_eq!(shown("a.env", 10), None);
        assert_eq!(shown("other.yaml", 10), None);
    }
}
