//! Keys of models.

use super::Rule;

pub const RULES: [Rule; 8] = [
    // OpenAI, Anthropic, DeepSeek, OpenRouter and others that took over the form.
    Rule::token("API key", &["sk-"], r"sk-[A-Za-z0-9_-]{20,}"),
    Rule::token("Hugging Face token", &["hf_"], r"hf_[A-Za-z0-9]{30,}"),
    Rule::token("Hugging Face token", &["api_org_"], r"api_org_[A-Za-z0-9]{30,}"),
    Rule::token("Groq key", &["gsk_"], r"gsk_[A-Za-z0-9]{40,}"),
    Rule::token("Perplexity key", &["pplx-"], r"pplx-[A-Za-z0-9]{40,}"),
    Rule::token("Replicate token", &["r8_"], r"r8_[A-Za-z0-9]{37,40}(?-u:\b)"),
    Rule::token("xAI key", &["xai-"], r"xai-[A-Za-z0-9]{60,}"),
    Rule::token(
        "LangSmith key",
        &["lsv2_"],
        r"lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}",
    ),
];
