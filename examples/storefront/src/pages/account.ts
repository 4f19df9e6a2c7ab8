import { html } from "./html.ts";
import type { Page } from "./layout.ts";

/** People that the simulator also sends through the shop, so that signing in as one shows a real history at once. */
export const regulars = [
  { id: "u-marta", name: "Marta", line: "Sleeps outdoors whenever the forecast allows." },
  { id: "u-idris", name: "Idris", line: "Three coffee makers, looking at a fourth." },
  { id: "u-nell", name: "Nell", line: "An allotment, a balcony and plans for the verge." },
  { id: "u-tomasz", name: "Tomasz", line: "Cooks on iron and sharpens on Sundays." },
] as const;

export function accountPage(userName: string | undefined, fault?: string): Page {
  return {
    title: userName === undefined ? "Sign in" : "Your account",
    noIndex: true,
    body: html`<div class="band narrow">${userName === undefined ? signIn(fault) : signedIn(userName)}</div>`,
  };
}

function signIn(fault: string | undefined) {
  return html`<div class="page-head"><h1>Sign in</h1><p>Step in as one of our regulars, or as anyone you like. There are no passwords here; do not bring a real one.</p></div>
<div class="regulars">${regulars.map(
    ({
      id,
      name,
      line,
    }) => html`<form method="post" action="/account/sign-in"><input type="hidden" name="regular" value="${id}">
<button type="submit"><b>${name}</b><span>${line}</span></button></form>`,
  )}</div>
<form class="sign-in" method="post" action="/account/sign-in">
<div class="field"><label for="name">Someone else</label>
<input id="name" name="name" autocomplete="off" maxlength="60" placeholder="Any name"${fault !== undefined && html` aria-invalid="true" aria-describedby="name-fault"`}>
${fault !== undefined && html`<p class="fault" id="name-fault">${fault}</p>`}</div>
<button class="button" type="submit">Sign in</button>
</form>`;
}

function signedIn(userName: string) {
  return html`<div class="page-head"><h1>Hello, ${userName}.</h1><p>What you look at now is remembered under your name, on whatever device you sign in.</p></div>
<form method="post" action="/account/sign-out"><button class="button ghost" type="submit">Sign out</button></form>`;
}
