//! Expands braces: `a/{b,c}` is two words, `{1..3}` three.

use super::{Part, Word};

/// How many words one word may become.
const MOST: usize = 1000;

/// A word as the words that its braces make of it.
pub(super) fn expanded(word: Word) -> Vec<Word> {
    let mut done = Vec::new();
    let mut waiting = vec![word];
    while let Some(word) = waiting.pop() {
        let found = (0..word.parts.len())
            .find_map(|index| Some((index, alternatives(&word.parts[index])?)));
        match found {
            Some((index, texts)) if done.len() + waiting.len() + texts.len() <= MOST => {
                for text in texts.into_iter().rev() {
                    let mut one = word.clone();
                    one.parts[index] = Part::Text {
                        text,
                        quoted: false,
                    };
                    waiting.push(one);
                }
            }
            _ => done.push(word),
        }
    }
    done
}

/// What an unquoted text with braces stands for.
fn alternatives(part: &Part) -> Option<Vec<String>> {
    let Part::Text {
        text,
        quoted: false,
    } = part
    else {
        return None;
    };
    let characters: Vec<char> = text.chars().collect();
    let mut from = 0;
    loop {
        let open = from + characters[from..].iter().position(|c| *c == '{')?;
        let (close, commas) = closed(&characters, open)?;
        let inside = &characters[open + 1..close];
        let choices: Vec<String> = if commas.is_empty() {
            match range(&inside.iter().collect::<String>()) {
                Some(choices) => choices,
                None => {
                    from = open + 1;
                    continue;
                }
            }
        } else {
            let starts = std::iter::once(open).chain(commas.iter().copied());
            let ends = commas.iter().copied().chain(std::iter::once(close));
            starts
                .zip(ends)
                .map(|(start, end)| characters[start + 1..end].iter().collect())
                .collect()
        };
        let before: String = characters[..open].iter().collect();
        let behind: String = characters[close + 1..].iter().collect();
        let all = choices.iter().map(|one| format!("{before}{one}{behind}"));
        return Some(all.collect());
    }
}

/// Where a brace is closed, and the commas on its level.
fn closed(characters: &[char], open: usize) -> Option<(usize, Vec<usize>)> {
    let (mut depth, mut commas) = (0_usize, Vec::new());
    for (index, character) in characters.iter().enumerate().skip(open) {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => return Some((index, commas)),
            '}' => depth -= 1,
            ',' if depth == 1 => commas.push(index),
            _ => {}
        }
    }
    None
}

/// `1..3`
fn range(text: &str) -> Option<Vec<String>> {
    let (from, to) = text.split_once("..")?;
    let (from, to): (i64, i64) = (from.parse().ok()?, to.parse().ok()?);
    let count = from.abs_diff(to);
    if count >= MOST as u64 {
        return None;
    }
    let step = if from <= to { 1 } else { -1 };
    let count = i64::try_from(count).ok()?;
    Some(
        (0..=count)
            .map(|index| (from + step * index).to_string())
            .collect(),
    )
}
