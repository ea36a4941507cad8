module.exports = { experimental: { cpus: 1 } }
