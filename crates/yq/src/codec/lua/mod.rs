//! Lua: a chunk that returns a table, or sets global variables.
//!
//! Lua has one kind of table, so an empty mapping is read back as an empty sequence, and an entry
//! without a value is none.

mod read;
mod write;

pub(super) use read::decode;
pub(super) use write::encode;

/// What Lua keeps for itself; never the name of a variable.
const KEYWORDS: [&str; 22] = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
    "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
];

/// Whether a text is a name: a letter or `_`, then letters, digits and `_`.
fn is_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(is_letter)
        && text.chars().all(|c| is_letter(c) || c.is_ascii_digit())
        && !KEYWORDS.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::super::{Encoding, Lua};
    use super::*;
    use kustom_yaml::{Options, PrintOptions, print_node, read};

    fn yaml(text: &str) -> String {
        let nodes = decode(text).unwrap();
        print_node(&nodes[0], &PrintOptions::default())
    }

    #[test]
    fn tables_come_back() {
        let text = "a: 1\nb c: [x, \"y\\n\", 'z', {d: 1.5}]\ne: -.inf\nend: true\n";
        let nodes = read(text, &Options::default()).unwrap();
        let lua = encode(&nodes[0], &Encoding::default()).unwrap();
        assert_eq!(
            lua,
            "return {\n\t[\"a\"] = 1;\n\t[\"b c\"] = {\n\t\t\"x\",\n\t\t\"y\\n\",\n\t\t'z',\n\t\t{\n\t\t\t[\"d\"] = 1.5;\n\t\t},\n\t};\n\t[\"e\"] = (-1/0);\n\t[\"end\"] = true;\n};\n"
        );
        assert_eq!(
            yaml(&lua),
            "a: 1\nb c:\n  - x\n  - |\n    y\n  - z\n  - d: 1.5\ne: -.inf\nend: true\n"
        );
    }

    #[test]
    fn names_need_no_brackets_where_that_is_asked_for() {
        let nodes = read("a: 1\nend: 2\n", &Options::default()).unwrap();
        let mut encoding = Encoding::default();
        encoding.lua.unquoted = true;
        assert_eq!(
            encode(&nodes[0], &encoding).unwrap(),
            "return {\n\ta = 1;\n\t[\"end\"] = 2;\n};\n"
        );
        encoding.lua = Lua {
            globals: true,
            ..Lua::default()
        };
        assert_eq!(
            encode(&nodes[0], &encoding).unwrap(),
            "a = 1;\n_ENV[\"end\"] = 2;\n"
        );
        assert_eq!(yaml("a = 1; b = {c = a}\n"), "a: 1\nb:\n  c: 1\n");
    }

    #[test]
    fn chunks_are_read_and_not_run() {
        assert_eq!(
            yaml(
                "-- c\nlocal x = 0x1F --[[ y\n]]\nreturn {x, [==[\n]]]==], 1e300, k = nil, 'a\\65\\z  b'}"
            ),
            "- 31\n- ']]'\n- 1e+300\n- aAb\n"
        );
        assert_eq!(
            yaml("return {a = 1, 5, [3] = 7, a = 2}"),
            "1: 5\n3: 7\na: 2\n"
        );
        for text in [
            "return {1 + 2}",
            "return f()",
            "return {[nil] = 1}",
            "return \"a",
            "return {",
            "for i = 1, 2 do end",
            "return {a = 1} x",
        ] {
            assert!(decode(text).is_err(), "{text}");
        }
        assert!(decode(&format!("return {}", "{".repeat(100_000))).is_err());
    }
}
