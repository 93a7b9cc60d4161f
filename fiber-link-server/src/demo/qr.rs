//! An invoice as a QR code.

use super::pages;
use super::refusal::{Asked, Refusal};
use axum::response::IntoResponse;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::Deserialize;

/// The most characters of an invoice that is drawn.
const MOST_CHARACTERS: usize = 1_500;

#[derive(Deserialize)]
pub(super) struct Drawn {
    text: String,
}

pub(super) async fn draw(Asked(drawn): Asked<Drawn>) -> Result<impl IntoResponse, Refusal> {
    Ok((pages::headers(pages::SVG), picture(&drawn.text)?))
}

fn picture(text: &str) -> Result<String, Refusal> {
    if text.is_empty() || text.len() > MOST_CHARACTERS {
        return Err(Refusal::field("text", format!("must have 1 to {MOST_CHARACTERS} characters")));
    }
    // Invoices mean the same in upper case, and it packs two characters into eleven bits.
    let code = QrCode::with_error_correction_level(text.to_ascii_uppercase(), EcLevel::L);
    let code = code.map_err(|error| Refusal::field("text", error))?;
    // The light squares stay light in the dark too: many readers cannot read it inverted.
    Ok(code.render::<svg::Color<'_>>().module_dimensions(1, 1).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invoice_is_drawn_and_too_much_is_refused() {
        let drawn = picture("fibd1qpzry").unwrap();
        assert!(drawn.contains("<svg") && drawn.contains("<path"), "{drawn}");
        assert!(picture("").is_err());
        assert!(picture(&"q".repeat(MOST_CHARACTERS)).is_ok());
        assert!(picture(&"q".repeat(MOST_CHARACTERS + 1)).is_err());
    }
}
