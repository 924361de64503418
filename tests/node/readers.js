// What tuf-js makes of a repository, as JSON on the standard output.
//
//     readers.js ROOT TARGETS ROLE FILE    four documents' places, ROLE a delegated role

'use strict';

const fs = require('fs');
const { Metadata, MetadataKind } = require('@tufjs/models');

function read(kind, path) {
  return Metadata.fromJSON(kind, JSON.parse(fs.readFileSync(path, 'utf8')));
}

function verified(delegator, role, document) {
  try {
    delegator.verifyDelegate(role, document);
    return true;
  } catch (error) {
    if (error.name === 'Error' && /was signed by/.test(error.message)) {
      return false;
    }
    throw error;
  }
}

const [rootPath, targetsPath, role, rolePath] = process.argv.slice(2);
const root = read(MetadataKind.Root, rootPath);
const targets = read(MetadataKind.Targets, targetsPath);
const delegated = read(MetadataKind.Targets, rolePath);
const names = Object.keys(delegated.signed.targets);
console.log(
  JSON.stringify({
    root: verified(root, 'root', root),
    targets: verified(root, 'targets', targets),
    delegated: verified(targets, role, delegated),
    within: names.every((name) => targets.signed.delegations.roles[role].isDelegatedPath(name)),
    files: names,
  })
);
