//! A row as a line of JSON: whole numbers as they are, bytes in base64, and null for what is not
//! there. A row is written in one way only, so that equal rows are equal files.

use almoner_store::db::{Kind, Value};
use base64ct::{Base64, Encoding as _};
use serde_json::Map;

/// Appends a row as a line.
pub(crate) fn encode(lines: &mut Vec<u8>, columns: &[(String, Kind)], row: &[Value]) {
    for (place, ((name, _), value)) in columns.iter().zip(row).enumerate() {
        lines.push(if place == 0 { b'{' } else { b',' });
        text(lines, name);
        lines.push(b':');
        match value {
            Value::Int(Some(number)) => lines.extend_from_slice(number.to_string().as_bytes()),
            Value::Text(Some(value)) => text(lines, value),
            Value::Bytes(Some(bytes)) => text(lines, &Base64::encode_string(bytes)),
            Value::Int(None) | Value::Text(None) | Value::Bytes(None) => {
                lines.extend_from_slice(b"null");
            }
        }
    }
    lines.extend_from_slice(b"}\n");
}

fn text(lines: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(lines, text).expect("memory takes a text");
}

/// The row of a line; what is wrong with it is told without what stands in it.
pub(crate) fn decode(columns: &[(String, Kind)], line: &[u8]) -> Result<Vec<Value>, String> {
    let read = serde_json::from_slice::<Map<String, serde_json::Value>>(line);
    let mut cells = read.map_err(|_| "is no JSON object".to_owned())?;
    let mut row = Vec::with_capacity(columns.len());
    for (name, kind) in columns {
        let cell = cells.remove(name).ok_or_else(|| format!("has no column {name}"))?;
        let value = value(*kind, cell);
        row.push(value.ok_or_else(|| format!("has no {} in {name}", words(*kind)))?);
    }
    match cells.keys().next() {
        None => Ok(row),
        Some(name) => Err(format!("has a column {name:?}, which the table does not have")),
    }
}

fn value(kind: Kind, cell: serde_json::Value) -> Option<Value> {
    use serde_json::Value::{Null, Number, String};
    Some(match (kind, cell) {
        (Kind::Int, Null) => Value::Int(None),
        (Kind::Text, Null) => Value::Text(None),
        (Kind::Bytes, Null) => Value::Bytes(None),
        (Kind::Int, Number(number)) => Value::Int(Some(number.as_i64()?)),
        (Kind::Text, String(text)) => Value::Text(Some(text)),
        (Kind::Bytes, String(text)) => Value::Bytes(Some(Base64::decode_vec(&text).ok()?)),
        _ => return None,
    })
}

fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "whole number",
        Kind::Text => "text",
        Kind::Bytes => "base64",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<(String, Kind)> {
        let named = |name: &str, kind| (name.to_owned(), kind);
        vec![named("n", Kind::Int), named("t", Kind::Text), named("b", Kind::Bytes)]
    }

    #[test]
    fn a_row_is_one_line_and_comes_back_as_it_was() {
        let texts = ["", "\0\n\r\t\"\\", "{\"n\":1}", "e\u{301} é 😀\u{2028}"];
        for number in [i64::MIN, -1, 0, i64::MAX] {
            for text in texts {
                let bytes: Vec<u8> = (0..=u8::MAX).take(text.len() * 7).collect();
                let row = vec![Value::from(number), Value::from(text), Value::from(bytes)];
                let mut line = Vec::new();
                encode(&mut line, &columns(), &row);
                let ends = line.iter().position(|byte| *byte == b'\n');
                assert_eq!(ends, Some(line.len() - 1), "one line");
                let back = decode(&columns(), &line).unwrap();
                assert_eq!(format!("{back:?}"), format!("{row:?}"));
            }
        }
        let nothing = vec![Value::Int(None), Value::Text(None), Value::Bytes(None)];
        let mut line = Vec::new();
        encode(&mut line, &columns(), &nothing);
        assert_eq!(line, b"{\"n\":null,\"t\":null,\"b\":null}\n");
        let back = decode(&columns(), &line).unwrap();
        assert_eq!(format!("{back:?}"), format!("{nothing:?}"));
    }

    #[test]
    fn what_is_no_row_of_the_table_is_told_by_its_column() {
        for (line, told) in [
            ("", "is no JSON object"),
            ("[1]", "is no JSON object"),
            ("{\"n\":1} {}", "is no JSON object"),
            ("{\"n\":1,\"t\":\"x\"}", "has no column b"),
            ("{\"n\":1,\"t\":\"x\",\"b\":\"\",\"c\":1}", "has a column \"c\""),
            ("{\"n\":1.0,\"t\":\"x\",\"b\":\"\"}", "has no whole number in n"),
            ("{\"n\":9223372036854775808,\"t\":\"x\",\"b\":\"\"}", "has no whole number in n"),
            ("{\"n\":\"1\",\"t\":\"x\",\"b\":\"\"}", "has no whole number in n"),
            ("{\"n\":1,\"t\":1,\"b\":\"\"}", "has no text in t"),
            ("{\"n\":1,\"t\":\"x\",\"b\":\"~\"}", "has no base64 in b"),
        ] {
            let refused = decode(&columns(), line.as_bytes()).unwrap_err();
            assert!(refused.starts_with(told), "{line}: {refused}");
        }
    }
}
