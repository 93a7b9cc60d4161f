# frozen_string_literal: true

# A Fiber Link server that answers what a spec says, by method, and keeps what it was asked.
module AnsweringServer
  URL = "https://fiber-link.example.com"

  def configure_fiber_link
    SiteSetting.fiber_link_enabled = true
    SiteSetting.fiber_link_service_url = URL
    SiteSetting.fiber_link_app_id = "forum"
    SiteSetting.fiber_link_app_secret = "the secret of this forum"
    @answers = {}
    @asked = []
    stub_request(:post, "#{URL}/rpc").to_return { |request| answer_to(JSON.parse(request.body)) }
  end

  # What was asked of a method, as [params].
  def asked(method)
    @asked.select { |request| request["method"] == method }.map { |request| request["params"] }
  end

  def server_answers(method, result)
    @answers[method] = { result: result }
  end

  def server_refuses(method, code, message, data = nil)
    @answers[method] = { error: { code: code, message: message, data: data }.compact }
  end

  # Whatever is asked: a body, a status, an error of the network.
  def server_does(**answer)
    stub_request(:post, "#{URL}/rpc").to_return(**answer)
  end

  def server_is_away
    stub_request(:post, "#{URL}/rpc").to_raise(Errno::ECONNREFUSED)
  end

  private

  def answer_to(request)
    @asked << request
    answer =
      @answers.fetch(request["method"]) do
        { error: { code: -32_601, message: "Method not found" } }
      end
    headers = { "Content-Type" => "application/json", "Date" => Time.now.httpdate }
    body = { jsonrpc: "2.0", id: request["id"] }.merge(answer).to_json
    { status: 200, body: body, headers: headers }
  end
end

RSpec.configure { |config| config.include AnsweringServer }
