// The page of the fake WeCom is plain files, which its server reads when a browser asks for them.
import { cpSync } from 'node:fs'

cpSync('src/testing/page', 'dist/page', { recursive: true })
