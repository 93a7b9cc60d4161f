# frozen_string_literal: true

require "rails_helper"

RSpec.describe ProblemCheck do
  include_context "with a Fiber Link server"

  before { server_answers("health.ping", { status: "ok" }) }

  def problem(check)
    check.new.call
  end

  def synced(time)
    FiberLink::FeedPosition.current.update!(created_at: 1.day.ago, last_sync_at: time)
  end

  checks = [
    ProblemCheck::FiberLinkConfiguration,
    ProblemCheck::FiberLinkUnreachable,
    ProblemCheck::FiberLinkClockSkew,
    ProblemCheck::FiberLinkSyncBehind,
  ]

  it "is registered for each of the four" do
    expect(DiscoursePluginRegistry.problem_checks).to match_array(checks)
  end

  checks.each do |check|
    it "finds nothing for #{check.identifier} while all is well, or the plugin is off" do
      synced(1.minute.ago)
      expect(problem(check)).to be_blank
      server_is_away
      synced(1.hour.ago)
      SiteSetting.remove_override!(:fiber_link_app_secret) if !check.scheduled?
      expect(problem(check)).to be_present if check != ProblemCheck::FiberLinkClockSkew
      SiteSetting.fiber_link_enabled = false
      expect(problem(check)).to be_blank
    end
  end

  it "asks the server in the background alone" do
    expect(checks.select(&:realtime?)).to eq([ProblemCheck::FiberLinkConfiguration])
    problem(ProblemCheck::FiberLinkConfiguration)
    problem(ProblemCheck::FiberLinkSyncBehind)
    expect(server.requests).to eq([])
  end

  describe ProblemCheck::FiberLinkConfiguration do
    it "finds an address, an app id or a secret that is missing, and nobody else does" do
      synced(1.hour.ago)
      %i[fiber_link_service_url fiber_link_app_id fiber_link_app_secret].each do |setting|
        server.configure_forum
        SiteSetting.remove_override!(setting)
        expect(problem(described_class).to_s).to include("/admin/plugins/fiber-link/settings")
        (checks - [described_class]).each { |check| expect(problem(check)).to be_blank }
      end
    end
  end

  describe ProblemCheck::FiberLinkUnreachable do
    it "finds a server that is away and a secret that is wrong" do
      SiteSetting.fiber_link_app_secret = "another secret"
      expect(problem(described_class)).to be_present
      server.configure_forum
      server_is_away
      expect(problem(described_class)).to be_present
    end
  end

  describe ProblemCheck::FiberLinkClockSkew do
    def answer_with_clock(seconds)
      server.raw do |socket, request|
        body = { jsonrpc: "2.0", id: request.json["id"], result: { status: "ok" } }.to_json
        socket.write(http("200 OK", body, "Date: #{(Time.now + seconds).httpdate}"))
      end
    end

    it "finds clocks that differ by more than a minute, either way, and says by how much" do
      { 50 => false, -50 => false, 90 => true, -90 => true, 4000 => true }.each do |seconds, found|
        answer_with_clock(seconds)
        expect([seconds, problem(described_class).present?]).to eq([seconds, found])
      end
      expect(problem(described_class).to_s).to match(/differ by (3999|4000|4001) seconds/)
    end

    it "finds nothing where the server says no time" do
      server.raw { |socket, _request| socket.write(http("500 Internal Server Error", "")) }
      expect(problem(described_class)).to be_blank
    end
  end

  describe ProblemCheck::FiberLinkSyncBehind do
    it "finds that tips were not fetched for a quarter of an hour" do
      synced(14.minutes.ago)
      expect(problem(described_class)).to be_blank
      synced(16.minutes.ago)
      FiberLink::FeedPosition.current.update!(passed_over: 7)
      expect(problem(described_class).to_s).to include("for 16 minutes", "installation: 7.")
    end

    it "waits a quarter of an hour after the installation for the first time" do
      FiberLink::FeedPosition.current.update!(created_at: 5.minutes.ago, last_sync_at: nil)
      expect(problem(described_class)).to be_blank
      FiberLink::FeedPosition.current.update!(created_at: 20.minutes.ago)
      expect(problem(described_class)).to be_present
    end
  end
end
