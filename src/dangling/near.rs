//! The name that was probably meant.
//!
//! Two names are near where all of their parts are the same but one, and that one by a letter in
//! three. A digit more or less is no typing error.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use rustc_hash::{FxBuildHasher, FxHashMap};

/// The first of the known names, by the alphabet, that a name is near to.
pub(crate) fn near<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let near = known.iter().copied().filter(|other| are_near(name, other));
    near.min()
}

fn are_near(name: &str, other: &str) -> bool {
    if other.len().abs_diff(name.len()) > name.len() / 3 {
        return false;
    }
    let (mut parts, mut others) = (parts(name), parts(other));
    let mut unlike = None;
    loop {
        match (parts.next(), others.next()) {
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) if unlike.is_none() => unlike = Some((a, b)),
            (None, None) => break,
            _ => return false,
        }
    }
    unlike.is_some_and(|(a, b)| {
        let limit = a.len().min(b.len()) / 3;
        !letters(a).eq(letters(b)) && (1..=limit).contains(&strsim::osa_distance(a, b))
    })
}

fn parts(name: &str) -> std::str::Split<'_, [char; 2]> {
    name.split(['-', '.'])
}

fn letters(word: &str) -> impl Iterator<Item = char> {
    word.chars().filter(char::is_ascii_alphabetic)
}

/// Names, each with a value, among which near ones are found without a look at all of them.
pub(super) struct Names<'n, T> {
    /// The names by what is left of them without one of their parts.
    by_rest: FxHashMap<u64, Rest<'n, T>>,
}

/// Names that are the same but for one part.
struct Rest<'n, T> {
    /// By the letters of that part.
    groups: Vec<Group<'n, T>>,
    by_letters: FxHashMap<String, usize>,
}

struct Group<'n, T> {
    /// Which letters there are, a bit each.
    set: u32,
    letters: String,
    names: Vec<(&'n str, T)>,
}

impl<T> Default for Names<'_, T> {
    fn default() -> Self {
        Self {
            by_rest: FxHashMap::default(),
        }
    }
}

impl<'n, T: Copy> FromIterator<(&'n str, T)> for Names<'n, T> {
    fn from_iter<I: IntoIterator<Item = (&'n str, T)>>(names: I) -> Self {
        let mut all = Self::default();
        for (name, value) in names {
            all.insert(name, value);
        }
        all
    }
}

impl<'n, T: Copy> Names<'n, T> {
    pub(super) fn insert(&mut self, name: &'n str, value: T) {
        for (rest, part) in rests(name) {
            let letters: String = letters(part).collect();
            let rest = self.by_rest.entry(rest).or_insert_with(|| Rest {
                groups: Vec::new(),
                by_letters: FxHashMap::default(),
            });
            let index = match rest.by_letters.get(&letters) {
                Some(&index) => index,
                None => {
                    rest.by_letters.insert(letters.clone(), rest.groups.len());
                    rest.groups.push(Group {
                        set: set(&letters),
                        letters,
                        names: Vec::new(),
                    });
                    rest.groups.len() - 1
                }
            };
            rest.groups[index].names.push((name, value));
        }
    }

    /// The names that one is near to.
    pub(super) fn near(&self, name: &str) -> Vec<(&'n str, T)> {
        let mut found = Vec::new();
        for (rest, part) in rests(name) {
            let Some(rest) = self.by_rest.get(&rest) else {
                continue;
            };
            let own: String = letters(part).collect();
            let (own_set, most) = (set(&own), part.len() / 3);
            for group in &rest.groups {
                // An edit of a part changes no more than that in its letters, and two of its set.
                let is_near = group.letters != own
                    && group.letters.len().abs_diff(own.len()) <= most
                    && (group.set ^ own_set).count_ones() as usize <= 2 * most
                    && strsim::osa_distance(&group.letters, &own) <= most;
                if is_near {
                    let names = group.names.iter().copied();
                    found.extend(names.filter(|(other, _)| are_near(name, other)));
                }
            }
        }
        found
    }
}

/// A name without each of its parts that may be near another, with the part.
fn rests(name: &str) -> impl Iterator<Item = (u64, &str)> {
    const SHORTEST: usize = 3;
    let all = parts(name).enumerate();
    let long = all.filter(|(_, part)| part.len() >= SHORTEST);
    long.map(move |(left_out, part)| {
        let mut hasher = FxBuildHasher.build_hasher();
        for (index, other) in parts(name).enumerate() {
            (index != left_out).then_some(other).hash(&mut hasher);
        }
        (hasher.finish(), part)
    })
}

/// The set of some letters.
fn set(letters: &str) -> u32 {
    letters.bytes().fold(0, |set, byte| set | 1 << (byte & 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_near_if_a_letter_of_one_part_differs() {
        let near = |name, known: &str| near(name, &[known]).is_some();
        assert!(near("wbe", "web") && near("shop-confg", "shop-config"));
        assert!(!near("web", "web") && !near("db-a", "db-b") && !near("node1", "node2"));
        assert!(!near("shop-config", "shop-secret") && !near("app", "app-config"));
    }

    #[test]
    fn an_index_finds_what_a_look_at_all_of_them_finds() {
        let words = [
            "web", "wbe", "bwe", "wxb", "web1", "web2", "1web", "12b", "123", "config", "confg",
            "conifg", "CONFIG", "shop", "", "a", "größe", "grösse",
        ];
        let mut names: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        for first in words {
            for second in words {
                names.push(format!("{first}-{second}"));
                names.push(format!("{first}.{second}-x"));
            }
        }
        let index: Names<'_, ()> = names.iter().map(|name| (name.as_str(), ())).collect();
        let mut pairs = 0;
        for name in &names {
            let mut wanted: Vec<&str> = names.iter().map(String::as_str).collect();
            wanted.retain(|other| are_near(name, other));
            let mut found: Vec<&str> = index.near(name).into_iter().map(|it| it.0).collect();
            wanted.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, wanted, "{name}");
            pairs += wanted.len();
        }
        assert!(pairs > 1000, "{pairs}");
    }
}
