/* A form that needs no decision: with scripts it sends itself, without them it has its button. */
document.querySelectorAll("form[data-submit-itself]").forEach((form) => form.requestSubmit());
