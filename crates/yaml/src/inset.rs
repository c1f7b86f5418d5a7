//! Maps places in a text that is a scalar of another file to that file.
//!
//! A patch that is written inline in a kustomization is parsed like a file of its own; messages
//! must name the line of the kustomization.

use super::{Node, Text, Value};
use crate::cut::Cut as _;
use crate::place::Span;

/// Where the lines of a scalar's text stand in the file that holds it.
#[derive(Clone, Debug)]
pub struct Inset {
    outer: Span,
    layout: Layout,
}

#[derive(Clone, Copy, Debug)]
enum Layout {
    /// The text is written otherwise than it reads: only its beginning is known.
    Whole,
    /// A block: its first line, and what every line is indented by.
    Block { line: u32, indent: u32 },
    /// One line, beginning at a column.
    Line { column: u32 },
}

impl Inset {
    /// The layout of a scalar of a file.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_yaml::place::SourceId;
    /// use kustom_yaml::{Inset, Text, read_config};
    ///
    /// let file = "a: 1\npatch: |-\n  - op: test\n    path: /a\n";
    /// let patch = Text::of(read_config(file.as_bytes(), SourceId::NONE)?.get("patch").unwrap());
    /// let mut inner = read_config(patch.as_bytes(), SourceId::NONE)?;
    /// Inset::new(file, &patch).settle(&mut inner);
    /// let path = inner.items()[0].get("path").unwrap();
    /// assert_eq!((path.span.line, path.span.column), (4, 11));
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub fn new(file: &str, scalar: &Text) -> Self {
        let outer = scalar.span;
        let layout = block(file, scalar)
            .or_else(|| line(file, scalar))
            .unwrap_or(Layout::Whole);
        Self { outer, layout }
    }

    /// A scalar of which only the beginning is known.
    pub fn whole(scalar: &Text) -> Self {
        Self {
            outer: scalar.span,
            layout: Layout::Whole,
        }
    }

    /// The same, for the text without what stands before it.
    #[must_use]
    pub fn after(self, prefix: &str) -> Self {
        let lines = u32::try_from(prefix.matches('\n').count()).unwrap_or(0);
        let layout = match self.layout {
            Layout::Block { line, indent } => Layout::Block {
                line: line + lines,
                indent,
            },
            Layout::Line { column } if lines == 0 => Layout::Line {
                column: column + width(prefix),
            },
            _ => Layout::Whole,
        };
        Self { layout, ..self }
    }

    /// Where something in the text stands in the file.
    pub fn place(&self, inner: Span) -> Span {
        if inner.line == 0 {
            return inner;
        }
        let (line, column) = match self.layout {
            Layout::Whole => return self.outer,
            Layout::Block { line, indent } => (line + inner.line - 1, inner.column + indent),
            Layout::Line { column } => (self.outer.line, column + inner.column - 1),
        };
        Span {
            source: self.outer.source,
            line,
            column,
            ..Span::default()
        }
    }

    /// Gives all that was read from the text its place in the file.
    pub fn settle(&self, node: &mut Node) {
        node.span = self.place(node.span);
        match &mut node.value {
            Value::Map(entries) => {
                for entry in entries {
                    self.settle(&mut entry.key);
                    self.settle(&mut entry.value);
                }
            }
            Value::Seq(items) => items.iter_mut().for_each(|item| self.settle(item)),
            Value::Scalar(_) | Value::Alias(_) => {}
        }
    }
}

/// The text as a literal block: every line stands below the header, behind the same indent.
fn block(file: &str, scalar: &Text) -> Option<Layout> {
    let header = scalar.span.line as usize;
    let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let below = file.lines().skip(header);
    let mut pairs = scalar.lines().zip(below.clone());
    let (text, line) = pairs.find(|(text, _)| !text.trim().is_empty())?;
    let indent = spaces(line).checked_sub(spaces(text))?;
    let lines = scalar.lines().count();
    let is_block = lines == below.clone().take(lines).count()
        && scalar.lines().zip(below).all(|(text, line)| {
            text.trim_end() == line.get(indent..).unwrap_or_default().trim_end()
        });
    is_block.then_some(Layout::Block {
        line: scalar.span.line + 1,
        indent: u32::try_from(indent).ok()?,
    })
}

/// The text as it stands on its line.
fn line(file: &str, scalar: &Text) -> Option<Layout> {
    let (at, from) = (scalar.span.line as usize, scalar.span.column as usize);
    let line = file.lines().nth(at.checked_sub(1)?)?;
    let start = line.char_indices().nth(from.checked_sub(1)?)?.0;
    let found = line.cut(start..).find(&**scalar)?;
    Some(Layout::Line {
        column: width(line.cut(..start + found)) + 1,
    })
}

fn width(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::SourceId;
    use crate::read_config;

    /// Where the value `x` of the inner text is said to stand.
    fn place(file: &str) -> (u32, u32) {
        let outer = read_config(file.as_bytes(), SourceId::NONE).unwrap();
        let scalar = Text::of(outer.get("p").unwrap());
        let inset =
            Inset::new(file, &scalar).after(&scalar[..scalar.len() - scalar.trim_start().len()]);
        let mut inner = read_config(scalar.trim().as_bytes(), SourceId::NONE).unwrap();
        inset.settle(&mut inner);
        let span = inner.get("x").unwrap().span;
        (span.line, span.column)
    }

    #[test]
    fn a_place_in_a_scalar_is_one_of_its_file() {
        for (file, wanted) in [
            ("p: |\n  a: 1\n  x: 2\n", (3, 6)),
            ("p: |-\n\n\n   a: 1\n\n   x: 2\n", (6, 7)),
            ("p: |2 # why\n    {a: 1,\n    x: 2}\n", (3, 8)),
            ("p: '{x: 1}'\n", (1, 9)),
            ("p: \"{x: ä}\"\n", (1, 9)),
            ("é: 1\np: |\n  é: 1\n  x: 2", (4, 6)),
            // Escapes and folds are written otherwise than they read.
            ("p: \"{\\x78: 1}\"\n", (1, 4)),
            ("p: >\n  {a: 1,\n  x: 2}\n", (1, 4)),
        ] {
            assert_eq!(place(file), wanted, "{file}");
        }
    }
}
