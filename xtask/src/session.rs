//! Records a session of the program on the example as a picture: what it prints, with its colours.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::Result;

/// The commands, and how many lines of each are shown.
const COMMANDS: [(&str, usize); 4] = [
    (
        "kustom explain production Deployment/deck spec.replicas",
        20,
    ),
    ("kustom diff production staging --secrets placeholder", 12),
    ("kustom graph testing", 8),
    (
        "kustom blame production --only PodDisruptionBudget/tide",
        14,
    ),
];

/// How wide and high a character is, and the space around all.
const WIDTH: f64 = 7.25;
const HEIGHT: f64 = 18.0;
const MARGIN: f64 = 16.0;

/// How many columns are shown.
const COLUMNS: usize = 118;

/// Runs the commands with a program and writes what it prints into a file.
pub fn record(program: &Path, file: &Path) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    for (command, most) in COMMANDS {
        if !lines.is_empty() {
            lines.push(Vec::new());
        }
        lines.push(vec![
            Piece::new(
                "$ ",
                Style {
                    color: Some(2),
                    ..Style::default()
                },
            ),
            Piece::new(
                command,
                Style {
                    is_bold: true,
                    ..Style::default()
                },
            ),
        ]);
        let words = command.split(' ').skip(1);
        let output = Command::new(program)
            .args(["--color", "always"])
            .args(words)
            .current_dir(&root)
            .env("COLUMNS", COLUMNS.to_string())
            .output()?;
        if output.status.code().is_none_or(|code| code > 1) {
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("`{command}` failed: {words}").into());
        }
        let text = String::from_utf8(output.stdout)?;
        let printed: Vec<&str> = text.lines().collect();
        lines.extend(printed.iter().take(most).map(|line| pieces(line)));
        if printed.len() > most {
            let dim = Style {
                is_dim: true,
                ..Style::default()
            };
            lines.push(vec![Piece::new("…", dim)]);
        }
    }
    fs::write(file, picture(&lines))?;
    eprintln!("wrote {}", file.display());
    Ok(())
}

/// How a piece of a line looks.
#[derive(Clone, Copy, Default, PartialEq)]
struct Style {
    is_bold: bool,
    is_dim: bool,
    /// The number of a colour of a terminal, 1 to 7.
    color: Option<u8>,
}

struct Piece {
    text: String,
    style: Style,
}

impl Piece {
    fn new(text: &str, style: Style) -> Self {
        Self {
            text: text.to_owned(),
            style,
        }
    }
}

/// The pieces of a line that escape sequences of a terminal colour; other sequences are none of ours.
fn pieces(line: &str) -> Vec<Piece> {
    let mut style = Style::default();
    let mut found = Vec::new();
    let mut parts = line.split("\x1b[");
    let mut left = COLUMNS;
    let mut add = |text: &str, style: Style| {
        let text: String = text.chars().take(left).collect();
        left -= text.chars().count();
        if !text.is_empty() {
            found.push(Piece { text, style });
        }
    };
    add(parts.next().unwrap_or_default(), style);
    for part in parts {
        let Some((codes, text)) = part.split_once('m') else {
            continue;
        };
        for code in codes.split(';') {
            match code.parse::<u8>().unwrap_or(0) {
                0 => style = Style::default(),
                1 => style.is_bold = true,
                2 => style.is_dim = true,
                code @ 31..=37 => style.color = Some(code - 30),
                _ => {}
            }
        }
        add(text, style);
    }
    found
}

fn picture(lines: &[Vec<Piece>]) -> String {
    let columns = f64::from(u32::try_from(COLUMNS).unwrap_or(u32::MAX));
    let rows = f64::from(u32::try_from(lines.len()).unwrap_or(u32::MAX));
    let (width, height) = (
        columns * WIDTH + 2.0 * MARGIN,
        rows * HEIGHT + 2.0 * MARGIN + 24.0,
    );
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"kustom in a terminal\" \
         width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, monospace\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>\n"
    );
    for (at, color) in ["#f85149", "#d29922", "#3fb950"].iter().enumerate() {
        let x = 20 + at * 18;
        let _ = writeln!(
            text,
            "<circle cx=\"{x}\" cy=\"18\" r=\"6\" fill=\"{color}\"/>"
        );
    }
    let mut y = MARGIN + 24.0 + 12.0;
    for line in lines {
        let mut x = MARGIN;
        for piece in line {
            let fill = match (piece.style.color, piece.style.is_dim) {
                (Some(1), _) => "#ff7b72",
                (Some(2), _) => "#3fb950",
                (Some(3), _) => "#d29922",
                (Some(4), _) => "#79c0ff",
                (Some(5), _) => "#d2a8ff",
                (Some(6), _) => "#56d4dd",
                (_, true) => "#8b949e",
                _ => "#e6edf3",
            };
            let weight = if piece.style.is_bold {
                " font-weight=\"600\""
            } else {
                ""
            };
            let count = f64::from(u32::try_from(piece.text.chars().count()).unwrap_or(u32::MAX));
            let shown = count * WIDTH;
            if !piece.text.trim().is_empty() {
                let _ = writeln!(
                    text,
                    "<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{fill}\"{weight} xml:space=\"preserve\" \
                     textLength=\"{shown:.1}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>",
                    escaped(&piece.text)
                );
            }
            x += shown;
        }
        y += HEIGHT;
    }
    text.push_str("</svg>\n");
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
