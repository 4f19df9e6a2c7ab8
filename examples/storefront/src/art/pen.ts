/**
 * The few SVG strokes that every illustration is made of. A drawing sits on a 400 x 400 card with its ground at
 * y = 322; coordinates and colours are ours, never a visitor's, so nothing here needs escaping.
 */
const groundY = 322;

type Extra = Record<string, string | number>;

function attributes(extra: Extra): string {
  return Object.entries(extra)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join("");
}

export function fill(d: string, colour: string, extra: Extra = {}): string {
  return `<path d="${d}" fill="${colour}"${attributes(extra)}/>`;
}

export function stroke(d: string, colour: string, width: number, extra: Extra = {}): string {
  return `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"${attributes(extra)}/>`;
}

export function rect(x: number, y: number, w: number, h: number, r: number, colour: string, extra: Extra = {}): string {
  return `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="${r}" fill="${colour}"${attributes(extra)}/>`;
}

export function circle(x: number, y: number, r: number, colour: string, extra: Extra = {}): string {
  return `<circle cx="${x}" cy="${y}" r="${r}" fill="${colour}"${attributes(extra)}/>`;
}

export function oval(x: number, y: number, rx: number, ry: number, colour: string, extra: Extra = {}): string {
  return `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="${colour}"${attributes(extra)}/>`;
}

export function ring(x: number, y: number, r: number, colour: string, width: number): string {
  return `<circle cx="${x}" cy="${y}" r="${r}" fill="none" stroke="${colour}" stroke-width="${width}"/>`;
}

export function turn(degrees: number, x: number, y: number, ...parts: string[]): string {
  return `<g transform="rotate(${degrees} ${x} ${y})">${parts.join("")}</g>`;
}

/** Scales about the middle of the ground line, so that a smaller size still stands on the ground. */
export function grow(factor: number, ...parts: string[]): string {
  const dx = round(200 * (1 - factor));
  const dy = round(groundY * (1 - factor));
  return `<g transform="translate(${dx} ${dy}) scale(${factor})">${parts.join("")}</g>`;
}

/** The soft shadow a thing throws on the ground. */
export function shadow(rx: number, x = 200, y = groundY): string {
  return oval(x, y, rx, Math.max(7, round(rx * 0.085)), "#2b2a24", { opacity: 0.13 });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
