// What tuf-js's client follows from 1.root.json: root version and SHA-256 of the authorised file.
//
//     client.js SERVED

'use strict';

const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');
const { Updater } = require('tuf-js');

const served = process.argv[2];

const server = http.createServer((request, response) => {
  const file = path.join(served, decodeURIComponent(new URL(request.url, 'http://x').pathname));
  fs.readFile(file, (error, content) => {
    response.writeHead(error ? 404 : 200);
    response.end(content);
  });
});

server.listen(0, '127.0.0.1', async () => {
  const state = fs.mkdtempSync(path.join(os.tmpdir(), 'tuf-js-'));
  try {
    fs.copyFileSync(path.join(served, 'metadata/1.root.json'), path.join(state, 'root.json'));
    const base = `http://127.0.0.1:${server.address().port}`;
    const updater = new Updater({
      metadataDir: state,
      metadataBaseUrl: `${base}/metadata`,
      targetDir: state,
      targetBaseUrl: `${base}/targets`,
    });
    await updater.refresh();
    const info = await updater.getTargetInfo('crates/root.json');
    if (!info) {
      throw new Error('no role lists crates/root.json');
    }
    const file = await updater.downloadTarget(info, path.join(state, 'file'));
    const hash = crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex');
    const root = JSON.parse(fs.readFileSync(path.join(state, 'root.json'), 'utf8'));
    console.log(`${root.signed.version} ${hash}`);
  } catch (error) {
    console.error(`${error.name}: ${error.message}`);
    process.exitCode = 1;
  } finally {
    fs.rmSync(state, { recursive: true });
    server.close();
    server.closeAllConnections();
  }
});
