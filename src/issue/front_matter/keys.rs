//! The keys of front matter and their other names.

/// The canonical form of a key: lower case, other names resolved.
pub(crate) fn canonical(key: &str) -> String {
    let key = key.trim().to_lowercase();
    let known = match key.as_str() {
        "pubdate" | "publishedat" | "published_at" | "published-at" | "publish_date"
        | "publishdate" | "publish-date" => "date",
        "issue" | "issue_number" | "issue-number" | "issuenumber" => "number",
        "lang" | "locale" => "language",
        "modified" | "lastmod" | "last_modified" | "last_modified_at" | "updated_at"
        | "updatedat" | "updateddate" => "updated",
        "redirect_from" | "alias" => "aliases",
        "preview" => "preheader",
        "authors" => "author",
        "category" => "categories",
        "visibility" => "access",
        "translation_of" => "original_url",
        _ => return key,
    };
    known.to_owned()
}

/// Whether header lines may begin with this key (canonical form). Words with
/// which a paragraph may begin (`Summary:`, `Description:`) are not among them.
pub(crate) fn begins_headers(key: &str) -> bool {
    matches!(
        key,
        "title"
            | "subject"
            | "date"
            | "number"
            | "slug"
            | "language"
            | "author"
            | "categories"
            | "tags"
            | "layout"
            | "draft"
            | "status"
            | "updated"
            | "id"
            | "aliases"
            | "mojibake"
    )
}
