# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::AdminOverviewController do
  include_context "with a Fiber Link server"

  fab!(:admin)

  before { server_answers("health.ping", { status: "ok" }) }

  def request
    get "/admin/plugins/fiber-link/overview.json"
  end

  def overview
    response.parsed_body
  end

  it "is hidden from everybody but administrators" do
    request
    expect(response.status).to eq(404)
    [Fabricate(:user), Fabricate(:moderator)].each do |user|
      sign_in(user)
      request
      expect(response.status).to eq(404)
    end
    expect(server.requests).to eq([])
  end

  context "when an administrator asks" do
    before { sign_in(admin) }

    it "is hidden while the plugin is off" do
      SiteSetting.fiber_link_enabled = false
      request
      expect(response.status).to eq(404)
    end

    it "is asked thirty times a minute, by staff as well" do
      RateLimiter.enable
      31.times { request }
      expect(response.status).to eq(429)
    end

    it "is a page where no JSON is asked for" do
      get "/admin/plugins/fiber-link/overview"
      expect(response.status).to eq(200)
      expect(response.media_type).to eq("text/html")
      expect(server.requests).to eq([])
    end

    it "says how the two understand each other and what was tipped" do
      Fabricate(:fiber_link_tip, amount: BigDecimal("1.5"))
      Fabricate(:fiber_link_tip, amount: BigDecimal("2"))
      Fabricate(:fiber_link_tip, amount: BigDecimal("7"), asset: "RUSD")
      Fabricate(:fiber_link_tip, state: "open", settled_at: nil)
      Fabricate(:fiber_link_tip, state: "open", settled_at: nil, expires_at: 1.minute.ago)
      FiberLink::FeedPosition.current.update!(
        last_sync_at: Time.utc(2026, 11, 28, 9),
        passed_over: 3,
      )
      request
      expect(response.status).to eq(200)
      expect(response).to match_fiber_link_schema("overview")
      expect(overview).to include(
        "service" => {
          "url" => server.url,
          "reachable" => true,
          "error" => nil,
        },
        "app_id" => FakeFiberLinkServer::APP_ID,
        "last_sync_at" => "2026-11-28T09:00:00.000Z",
        "last_sync_error" => nil,
        "passed_over" => 3,
        "open_tips" => 1,
        "totals" => [
          { "asset" => "CKB", "amount" => "3.5", "count" => 2 },
          { "asset" => "RUSD", "amount" => "7", "count" => 1 },
        ],
      )
      expect(overview["clock_skew_seconds"]).to be_between(-5, 1)
      expect(overview["plugin_version"]).to match(/\A\d+\.\d+\.\d+\z/)
      expect(response.body).not_to include(FakeFiberLinkServer::SECRET)
    end

    it "names what is wrong, and never its cause" do
      {
        "unreachable" => -> { server_is_away },
        "unauthorized" => -> { SiteSetting.fiber_link_app_secret = "another secret" },
        "not_configured" => -> { SiteSetting.remove_override!(:fiber_link_app_id) },
        "bad_answer" => -> { server_writes(http("200 OK", "<h1>A proxy's page</h1>")) },
      }.each do |error, break_it|
        server.configure_forum
        break_it.call
        request
        expect(response.status).to eq(200)
        expect(response).to match_fiber_link_schema("overview")
        expect(overview["service"]).to include("reachable" => false, "error" => error)
        expect(response.body).not_to include("secret", "proxy", "127.0.0.1:1/", "Errno")
      end
    end

    it "takes another status than ok, and a refusal, for a bad answer" do
      server_answers("health.ping", { status: "fine" })
      request
      expect(overview["service"]["error"]).to eq("bad_answer")
      server_refuses("health.ping", -32_602, "Invalid params")
      request
      expect(overview["service"]["error"]).to eq("bad_answer")
    end

    it "measures the server's clock where it refuses because of it" do
      server.raw do |socket, _request|
        answer = { jsonrpc: "2.0", id: nil, error: { code: -32_001, message: "Unauthorized" } }
        date = "Date: #{(Time.now + 400).httpdate}"
        socket.write(http("200 OK", answer.to_json, date))
      end
      request
      expect(overview["service"]["error"]).to eq("unauthorized")
      expect(overview["clock_skew_seconds"]).to be_between(394, 401)
    end
  end
end
