const KEY = "isthmus.token";

/** The token of this browser tab. It is forgotten with the tab, and never kept in localStorage. */
export function keptToken() {
  return sessionStorage.getItem(KEY) ?? "";
}

/** Keeps what was typed, without the word "Bearer" that people paste with it, and answers what it kept. */
export function keepToken(typed) {
  const token = typed.trim().replace(/^bearer\s+/i, "");
  if (token) sessionStorage.setItem(KEY, token);
  else sessionStorage.removeItem(KEY);
  return token;
}
