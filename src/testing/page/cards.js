import { h, link, listOf, textOf, webAddress } from './dom.js'
import { image } from './media.js'
import { word } from './words.js'

/** A template card of any kind: the parts that it has, in the order in which WeCom shows them. */
export function renderCard(card, files) {
  const parts = [
    source(card.source),
    isObject(card.card_image) && image(undefined, files, card.card_image.url),
    mainTitle(card.main_title),
    imageText(card.image_text_area, files),
    emphasis(card.emphasis_content),
    quote(card.quote_area),
    card.sub_title_text && h('p', { class: 'description' }, textOf(card.sub_title_text)),
    verticals(card.vertical_content_list),
    horizontals(card.horizontal_content_list),
    selection(card.button_selection),
    listOf(card.select_list).map(selection),
    checkbox(card.checkbox),
    buttons(card.button_list),
    isObject(card.submit_button) &&
      h('p', { class: 'buttons' }, fakeButton(card.submit_button.text || word('submit'), 1)),
    jumps(card.jump_list, card.card_action),
  ]
  return h('div', { class: 'card template', 'data-card': textOf(card.card_type) }, parts)
}

const isObject = (value) => typeof value === 'object' && value !== null

/** desc_color: 0 grey, 1 black, 2 red, 3 green. */
function source(value) {
  if (!isObject(value)) return undefined
  const shade = [0, 1, 2, 3].includes(value.desc_color) ? value.desc_color : 0
  return h(
    'p',
    { class: `source shade-${shade}` },
    h('i', { 'aria-hidden': 'true' }),
    textOf(value.desc),
  )
}

function mainTitle(value) {
  if (!isObject(value)) return undefined
  return [
    value.title && h('h4', {}, textOf(value.title)),
    value.desc && h('p', { class: 'description' }, textOf(value.desc)),
  ]
}

function imageText(value, files) {
  if (!isObject(value)) return undefined
  const texts = h(
    'span',
    {},
    h('b', {}, link(value.url, textOf(value.title))),
    h('small', {}, textOf(value.desc)),
  )
  return h('div', { class: 'image-text' }, image(undefined, files, value.image_url), texts)
}

function emphasis(value) {
  if (!isObject(value)) return undefined
  return h(
    'p',
    { class: 'emphasis' },
    h('b', {}, textOf(value.title)),
    h('small', {}, textOf(value.desc)),
  )
}

function quote(value) {
  if (!isObject(value)) return undefined
  return h(
    'blockquote',
    {},
    value.title && h('b', {}, link(value.url, textOf(value.title))),
    h('span', {}, textOf(value.quote_text)),
  )
}

function verticals(list) {
  return listOf(list).map(({ title, desc }) =>
    h('div', { class: 'vertical' }, h('b', {}, textOf(title)), h('p', {}, textOf(desc))),
  )
}

/** type: 1 a link, 2 a file, 3 a member. */
function horizontals(list) {
  const rows = listOf(list).map(({ keyname, value, type, url, userid }) => [
    h('dt', {}, textOf(keyname)),
    h(
      'dd',
      {},
      type === 1
        ? link(url, textOf(value))
        : type === 3
          ? h('span', { class: 'mention' }, `@${textOf(value) || textOf(userid)}`)
          : textOf(value),
    ),
  ])
  return rows.length > 0 && h('dl', {}, rows)
}

function selection(value) {
  if (!isObject(value)) return undefined
  const options = listOf(value.option_list)
  const chosen = options.find(({ id }) => id === value.selected_id) ?? options[0]
  return h(
    'div',
    { class: 'selection' },
    h('span', {}, textOf(value.title)),
    h(
      'span',
      { class: 'chosen', title: options.map(({ text }) => textOf(text)).join(' / ') },
      textOf(chosen?.text) || word('choose'),
    ),
  )
}

/** mode: 0 one answer, 1 several. */
function checkbox(value) {
  if (!isObject(value)) return undefined
  const mark = value.mode === 1 ? 'several' : 'single'
  const options = listOf(value.option_list).map(({ text, is_checked }) =>
    h('li', { class: is_checked ? 'checked' : '' }, textOf(text)),
  )
  return h('ul', { class: `options ${mark}` }, options)
}

function buttons(list) {
  const shown = listOf(list).map(({ text, style }) => fakeButton(text, style))
  return shown.length > 0 && h('p', { class: 'buttons' }, shown)
}

/** It looks like a button of WeCom's and does nothing here. style: 1 main, 2 plain, 3 red text, 4 red. */
function fakeButton(text, style) {
  const look = [1, 2, 3, 4].includes(style) ? style : 1
  return h('span', { class: `wx-button style-${look}` }, textOf(text))
}

function jumps(list, action) {
  const shown = listOf(list).map(({ title, url }) =>
    h('p', { class: 'jump' }, link(url, textOf(title))),
  )
  const address = isObject(action) ? webAddress(action.url) : undefined
  return [
    ...shown,
    shown.length === 0 && address && h('p', { class: 'more' }, link(address, word('details'))),
  ]
}
