//! An order by likeness of meaning: each text becomes a vector at an endpoint that speaks the Embeddings API of OpenAI, and what
//! points the same way as the alert comes first. <https://platform.openai.com/docs/api-reference/embeddings/create>.
//!
//! Invariant: an answer that is not one usable vector for each text is none.

use serde::Deserialize;
use serde_json::{Value, json};

/// Numbers of one vector at most; the longest in use have 4,096.
const LONGEST: usize = 8192;

#[derive(Deserialize)]
struct Answer {
    data: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    index: usize,
    embedding: Vec<f64>,
}

/// What is asked: the alert, then the candidates.
pub(super) fn request(model: &str, alert: &Value, candidates: &[Value]) -> Value {
    let texts: Vec<String> = std::iter::once(alert).chain(candidates).map(text).collect();
    json!({"model": model, "input": texts, "encoding_format": "float"})
}

/// The values of an object, a line each.
fn text(of: &Value) -> String {
    let values = of.as_object().into_iter().flat_map(|object| object.values());
    let lines: Vec<&str> = values
        .filter_map(Value::as_str)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

/// Places of the candidates, most like the alert first; of equals the earlier one.
pub(super) fn order(body: &[u8], candidates: usize) -> Option<Vec<usize>> {
    let mut rows = serde_json::from_slice::<Answer>(body).ok()?.data;
    rows.sort_by_key(|row| row.index);
    let complete = rows.len() == candidates + 1 && rows.iter().enumerate().all(|(at, row)| row.index == at);
    let (alert, pages) = rows.split_first().filter(|_| complete)?;
    let mut places: Vec<(usize, f64)> = Vec::with_capacity(candidates);
    for (place, page) in pages.iter().enumerate() {
        places.push((place, cosine(&alert.embedding, &page.embedding)?));
    }
    places.sort_by(|one, other| other.1.total_cmp(&one.1));
    Some(places.into_iter().map(|(place, _)| place).collect())
}

/// `None` for vectors that can't be compared.
fn cosine(one: &[f64], other: &[f64]) -> Option<f64> {
    if one.is_empty() || one.len() != other.len() || one.len() > LONGEST {
        return None;
    }
    let dot = |one: &[f64], other: &[f64]| -> f64 { one.iter().zip(other).map(|(a, b)| a * b).sum() };
    let length = (dot(one, one) * dot(other, other)).sqrt();
    let likeness = dot(one, other) / length;
    likeness.is_finite().then_some(likeness)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(vectors: &[(usize, &[f64])]) -> Vec<u8> {
        let row = |(index, vector): &(usize, &[f64])| json!({"object": "embedding", "index": index, "embedding": vector});
        let rows: Vec<Value> = vectors.iter().map(row).collect();
        json!({"object": "list", "data": rows}).to_string().into_bytes()
    }

    #[test]
    fn what_points_the_same_way_comes_first_whatever_its_length() {
        let told = answer(&[
            (0, &[1.0, 0.0]),
            (2, &[0.1, 0.01]),
            (1, &[5.0, 5.0]),
            (3, &[-9.0, 0.0]),
        ]);
        assert_eq!(order(&told, 3), Some(vec![1, 0, 2]));
        let equal = answer(&[(0, &[1.0]), (1, &[2.0]), (2, &[3.0])]);
        assert_eq!(order(&equal, 2), Some(vec![0, 1]));
    }

    #[test]
    fn what_is_not_one_vector_for_each_text_is_no_order() {
        for wrong in [
            answer(&[]),
            answer(&[(0, &[1.0]), (1, &[1.0])]),
            answer(&[(0, &[1.0]), (1, &[1.0]), (1, &[1.0])]),
            answer(&[(0, &[1.0]), (1, &[1.0]), (2, &[1.0, 2.0])]),
            answer(&[(0, &[1.0]), (1, &[1.0]), (2, &[0.0])]),
            answer(&[(0, &[]), (1, &[]), (2, &[])]),
            answer(&[(0, &[1.0]), (1, &[1.0]), (2, &[1.0]), (3, &[1.0])]),
            b"not json".to_vec(),
        ] {
            assert_eq!(order(&wrong, 2), None, "{}", String::from_utf8_lossy(&wrong));
        }
    }
}
