// The token that some servers ask for. It is kept as long as the tab is open.

const KEY = "accel-tf token";

const find = (id) => document.getElementById(id);

/** What to send with a request. */
export function tokenHeaders() {
  const token = sessionStorage.getItem(KEY);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** Asks for another token until the server takes one. */
export function askForToken() {
  find("access").hidden = false;
  find("token").select();
}

/** Calls `then` with every token that was given. */
export function onToken(then) {
  find("access").addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(KEY, find("token").value.trim());
    find("token").value = "";
    find("access").hidden = true;
    then();
  });
}
