// Reads label maps: grey PNG files of 8 bits, whose pixels are class indices.
// A browser could draw them, but some browsers alter what is read back from a
// canvas, so that pages cannot recognise visitors by it; and an index that is
// off by one is another class.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/** Gives {width, height, data}, data a Uint8Array with a byte per pixel. */
export async function decodeLabels(bytes) {
  if (SIGNATURE.some((byte, index) => bytes[index] !== byte)) {
    throw new Error("The server's label map is no PNG file.");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  const [depth, color, , , interlaced] = bytes.subarray(24, 29);
  if (depth !== 8 || color !== 0 || interlaced) {
    throw new Error("The server's label map is no grey PNG file of 8 bits.");
  }
  const parts = [];
  for (let place = 8; place < bytes.length; ) {
    const length = view.getUint32(place);
    const name = String.fromCharCode(...bytes.subarray(place + 4, place + 8));
    if (name === "IDAT") {
      parts.push(bytes.subarray(place + 8, place + 8 + length));
    }
    place += length + 12;
  }
  const rows = await inflate(parts);
  if (rows.length !== (width + 1) * height) {
    throw new Error("The server's label map is cut short.");
  }
  return { width, height, data: unfilter(rows, width, height) };
}

async function inflate(parts) {
  const stream = new Blob(parts).stream();
  const inflated = stream.pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(inflated).arrayBuffer());
}

// Every row begins with the number of its filter, by which its pixels are
// given as differences from their neighbours.
function unfilter(rows, width, height) {
  const data = new Uint8Array(width * height);
  let above = new Uint8Array(width);
  for (let y = 0; y < height; y++) {
    const start = y * (width + 1) + 1;
    const filter = rows[start - 1];
    const row = data.subarray(y * width, (y + 1) * width);
    let left = 0;
    let corner = 0;
    for (let x = 0; x < width; x++) {
      let guess = 0;
      if (filter === 1) guess = left;
      else if (filter === 2) guess = above[x];
      else if (filter === 3) guess = (left + above[x]) >> 1;
      else if (filter === 4) guess = paeth(left, above[x], corner);
      corner = above[x];
      left = (rows[start + x] + guess) & 255;
      row[x] = left;
    }
    above = row;
  }
  return data;
}

function paeth(left, above, corner) {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
