# frozen_string_literal: true

# Short words for what a Fiber Link server answers in specs of endpoints.
module AnsweringServer
  # What was asked of a method: the params of each request.
  def asked(method)
    server.calls(method).map(&:params)
  end

  def server_answers(method, result)
    server.on(method) { result }
  end

  def server_refuses(method, code, message, data = nil)
    server.on(method) { server.error(code, message, data) }
  end

  # The bytes of an answer, whatever is asked.
  def server_writes(bytes)
    server.raw { |socket, _request| socket.write(bytes) }
  end

  def server_is_away
    SiteSetting.fiber_link_service_url = "http://127.0.0.1:1"
  end

  def http(status, body, *headers)
    length = "Content-Length: #{body.bytesize}"
    ["HTTP/1.1 #{status}", length, "Connection: close", *headers, "", body].join("\r\n")
  end
end

RSpec.configure { |config| config.include AnsweringServer }
