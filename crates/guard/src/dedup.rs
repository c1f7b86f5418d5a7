//! Removes findings of several rules about one secret.

use super::rule_ids;
use super::text::Hit;

/// Of hits that overlap, the one whose rule knows most; different values in one encoded text stay
/// apart.
pub(super) fn dedup(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by(|a, b| {
        a.range
            .start
            .cmp(&b.range.start)
            .then(b.range.end.cmp(&a.range.end))
    });
    let mut kept: Vec<Hit> = Vec::new();
    let mut open = 0;
    for hit in hits {
        while open < kept.len()
            && kept[open].range.end <= hit.range.start
            && kept[open].range != hit.range
        {
            open += 1;
        }
        let double = kept[open..]
            .iter_mut()
            .find(|other| is_duplicate(other, &hit));
        match double {
            None => kept.push(hit),
            Some(other) => {
                let key = other.key.take().or_else(|| hit.key.clone());
                if rule_ids::precedence(hit.rule) > rule_ids::precedence(other.rule) {
                    *other = hit;
                }
                other.key = key;
            }
        }
    }
    kept
}

fn is_duplicate(one: &Hit, other: &Hit) -> bool {
    let overlap = one.range.start < other.range.end && other.range.start < one.range.end;
    overlap
        && (one.range != other.range
            || one.value.contains(other.value.trim())
            || other.value.contains(one.value.trim())
            || rule_ids::precedence(one.rule) == 0
            || rule_ids::precedence(other.rule) == 0)
        || one.range == other.range && one.value == other.value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(rule: &'static str, range: std::ops::Range<usize>, value: &str) -> Hit {
        Hit {
            rule,
            range,
            key: (rule == rule_ids::CREDENTIAL).then(|| "key".to_owned()),
            value: value.to_owned(),
        }
    }

    #[test]
    fn the_rule_that_knows_most_is_kept_with_the_key_of_the_other() {
        let kept = dedup(vec![
            hit(rule_ids::CREDENTIAL, 5..12, "abcdefg"),
            hit("github-pat", 6..12, "bcdefg"),
            hit(rule_ids::SECRET, 4..12, "xabcdefg"),
        ]);
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].rule, "github-pat");
        assert_eq!(kept[0].key.as_deref(), Some("key"));
    }

    #[test]
    fn different_secrets_of_one_encoded_text_are_kept() {
        let kept = dedup(vec![hit("a", 0..90, "one"), hit("b", 0..90, "two")]);
        assert_eq!(kept.len(), 2);
    }

    #[test]
    fn secrets_that_only_touch_are_kept() {
        let kept = dedup(vec![hit("a", 0..3, "one"), hit("b", 3..6, "two")]);
        assert_eq!(kept.len(), 2);
    }
}
