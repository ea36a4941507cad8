import { examplePages } from '../../.vitepress/examples.js'

export default { paths: examplePages }
