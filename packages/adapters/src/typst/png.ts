/**
 * A PNG of an SVG without text elements, such as typst writes: letters are outlines there, so no
 * font is looked up on the machine.
 */
export async function svgToPng(svg: string, width: number): Promise<Uint8Array> {
  const { Resvg } = await import('@resvg/resvg-js');
  return new Resvg(svg, {
    fitTo: { mode: 'width', value: width },
    font: { loadSystemFonts: false },
  })
    .render()
    .asPng();
}
