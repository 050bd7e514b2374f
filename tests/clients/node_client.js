// Uses Node's open311 as an app would: node node_client.js DISCOVERY JURISDICTION KEY, and prints what it saw as JSON.
const Open311 = require('open311')

const [discovery, jurisdiction, apiKey] = process.argv.slice(2)
const city = new Open311({ discovery, jurisdiction, apiKey })
const call = (name, ...values) =>
  new Promise((resolve, reject) => {
    city[name](...values, (error, data) => (error ? reject(new Error(`${name}: ${error} ${data}`)) : resolve(data)))
  })

async function main () {
  const seen = {}
  await call('serviceDiscovery', { cache: true })
  seen.endpoint = city.endpoint
  seen.format = city.format
  seen.services = (await call('serviceList')).map((service) => service.service_code)
  seen.questions = (await call('serviceDefinition', '0042')).attributes.map((attribute) => attribute.code)
  const posted = await call('submitRequest', {
    service_code: '0042',
    lat: 52.1,
    long: 5.05,
    description: 'Lamp is dark – from Node',
    attributes: { fault: 'dark' }
  })
  seen.posted = posted
  const [{ service_request_id: id }] = posted
  seen.one = (await call('serviceRequest', id, {}))[0]
  seen.several = (await call('serviceRequests', [id, 'nothing'], {})).map((item) => item.service_request_id)
  seen.open = (await call('serviceRequests', { status: 'open' })).map((item) => item.service_request_id)
  const [{ token }] = await call('submitRequest', { service_code: 'bulky-waste', address_string: 'Mill Lane 12' })
  seen.token = token
  const resolved = await call('token', token)
  seen.resolved = resolved
  seen.refused = await call('submitRequest', { service_code: 'no-such-service', lat: 52.1, long: 5.05 }).catch((error) => error.message)
  console.log(JSON.stringify(seen))
}

main().catch((error) => { console.error(error); process.exit(1) })
