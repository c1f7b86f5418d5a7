//! Draws from a seed, and trees of files that were drawn.

use std::fs;
use std::path::Path;

/// Chooses by a seed; the same seed makes the same choices.
pub(crate) struct Draw {
    state: u64,
}

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    /// A number below a limit, by xorshift.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % limit
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'t>(&mut self, words: &[&'t str]) -> &'t str {
        words[self.below(words.len())]
    }

    /// Some texts of a list, each at most once, in the order of the list.
    pub(crate) fn some<'t>(&mut self, words: &[&'t str], percent: usize) -> Vec<&'t str> {
        let mut some = words.to_vec();
        some.retain(|_| self.chance(percent));
        some
    }
}

/// Files of a tree: their names and what is in them. What is built is `top`.
#[derive(Clone, Default)]
pub(crate) struct Tree(Vec<(String, Vec<u8>)>);

impl Tree {
    pub(crate) fn add(&mut self, name: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.0.push((name.into(), content.into()));
    }

    /// How the kustomization of a layer begins: with the layer below it or, where there is none, with
    /// objects.
    pub(crate) fn resources(
        &mut self,
        layer: &str,
        below: Option<&str>,
        objects: impl FnOnce() -> String,
    ) -> String {
        if let Some(base) = below {
            return format!("resources: [../{base}]\n");
        }
        self.add(format!("{layer}/objects.yaml"), objects());
        "resources: [objects.yaml]\n".to_owned()
    }

    /// How many files there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn write(&self, root: &Path) {
        for (name, content) in &self.0 {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }

    pub(crate) fn show(&self) -> String {
        let show = |(name, content): &(String, Vec<u8>)| {
            format!("-- {name} --\n{}", String::from_utf8_lossy(content))
        };
        self.0.iter().map(show).collect()
    }

    /// The same tree without one entry of one of its kustomizations, if there is one.
    pub(crate) fn weaker(mut self, draw: &mut Draw) -> Self {
        let mut texts: Vec<(usize, Vec<Field>)> = Vec::new();
        for (at, (name, content)) in self.0.iter().enumerate() {
            let text = str::from_utf8(content).unwrap_or_default();
            let fields = fields(text);
            if name.ends_with("kustomization.yaml") && fields.iter().any(Field::may_go) {
                texts.push((at, fields));
            }
        }
        if texts.is_empty() {
            return self;
        }
        let chosen = draw.below(texts.len());
        let (at, mut fields) = texts.swap_remove(chosen);
        let going: Vec<usize> = (0..fields.len())
            .filter(|&at| fields[at].may_go())
            .collect();
        let field = going[draw.below(going.len())];
        match fields[field].items.len() {
            0 | 1 => drop(fields.remove(field)),
            items => drop(fields[field].items.remove(draw.below(items))),
        }
        let texts = fields
            .into_iter()
            .map(|field| field.head + &field.items.concat());
        self.0[at].1 = texts.collect::<String>().into_bytes();
        self
    }
}

/// A field of a kustomization: its first line, or all of it, and the items of a list in block style.
struct Field {
    head: String,
    items: Vec<String>,
}

impl Field {
    fn may_go(&self) -> bool {
        !["resources", "bases"]
            .iter()
            .any(|field| self.head.starts_with(field))
    }
}

fn fields(text: &str) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for line in text.split_inclusive('\n') {
        match fields.last_mut() {
            Some(field) if line.starts_with("- ") => field.items.push(line.to_owned()),
            Some(field) if line.starts_with(' ') => {
                field
                    .items
                    .last_mut()
                    .unwrap_or(&mut field.head)
                    .push_str(line);
            }
            _ => fields.push(Field {
                head: line.to_owned(),
                items: Vec::new(),
            }),
        }
    }
    fields
}

/// The names of one to three layers, the lowest first; the last is `top`.
pub(crate) fn layers(draw: &mut Draw) -> &'static [&'static str] {
    const NAMES: [&str; 3] = ["base", "middle", "top"];
    &NAMES[draw.below(3)..]
}

/// A text with each line moved to the right.
pub(crate) fn indented(text: &str, columns: usize) -> String {
    let margin = " ".repeat(columns);
    let lines = text.split_inclusive('\n');
    lines.map(|line| format!("{margin}{line}")).collect()
}
