const $ = (id) => document.getElementById(id);

/** Shows how a phone can open the page, where the server lets it in. */
export async function showInvitation() {
  try {
    const { url, code } = await (await fetch('/invitation')).json();
    if (url === null) return;
    const link = $('phone-link');
    link.href = link.textContent = url;
    $('phone-code').src = `data:image/svg+xml,${encodeURIComponent(code)}`;
    $('phone-code').alt = `QR code of ${url}`;
    $('phone').hidden = false;
  } catch {
    // The page works just as well without it.
  }
}
