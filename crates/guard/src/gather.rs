//! Groups leaks of the same secret in several places.

use std::collections::HashMap;

use kustom_yaml::finding::Finding;
use kustom_yaml::place::Place;

use super::found_secret::{FoundSecret, Identity};

/// A secret with all the places where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// The worst of its leaks; of equally bad ones the first.
    pub leak: FoundSecret,
    /// Where else it stands.
    pub others: Vec<Place>,
}

/// Puts leaks of one value together, however it is encoded; the order is that of the first leaks.
pub fn gather(leaks: impl IntoIterator<Item = FoundSecret>) -> Vec<Gathered> {
    let mut gathered: Vec<Gathered> = Vec::new();
    let mut known: HashMap<Identity, usize> = HashMap::new();
    for leak in leaks {
        match known.get(&leak.identity) {
            Some(&index) => gathered[index].add(leak),
            None => {
                known.insert(leak.identity, gathered.len());
                gathered.push(Gathered {
                    leak,
                    others: Vec::new(),
                });
            }
        }
    }
    gathered
}

impl Gathered {
    fn add(&mut self, leak: FoundSecret) {
        let mut known = self.others.iter().filter_map(|place| place.file.as_deref());
        // Of many versions of one file, the first tells enough.
        if leak.version.is_some()
            && (leak.path == self.leak.path || known.any(|file| *file == *leak.path))
        {
            return;
        }
        if leak.severity > self.leak.severity {
            let better = std::mem::replace(&mut self.leak, leak);
            self.others.insert(0, better.place());
        } else {
            self.others.push(leak.place());
        }
    }
}

impl From<&Gathered> for Finding {
    fn from(gathered: &Gathered) -> Self {
        Self {
            others: gathered.others.clone(),
            ..Self::from(&gathered.leak)
        }
    }
}
