import { englishOnlyPages } from '../.vitepress/english-only.js'

export default { paths: englishOnlyPages }
