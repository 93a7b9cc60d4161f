# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::TipsController do
  include_context "with somebody who tips"

  describe "#options" do
    def options(id = target_post.id)
      get "/fiber-link/tips/options.json", params: { post_id: id }
    end

    it_behaves_like "an endpoint of a tip", -> { options }
    it_behaves_like "an endpoint of a post", ->(id) { options(id) }
    it_behaves_like "an endpoint of a post to tip", ->(id) { options(id) }

    it "has the assets that the settings name and the server accepts, in the settings' order" do
      sign_in(current_user)
      SiteSetting.fiber_link_assets = "RUSD|DOGE|CKB"
      MessageBus.publish("/fiber-link/tips", { id: 1 })
      options
      expect(response).to match_fiber_link_schema("tip_options")
      expect(json["assets"].map { |asset| asset["asset"] }).to eq(%w[RUSD CKB])
      expect(json["assets"].last).to eq(
        "asset" => "CKB",
        "decimals" => 8,
        "minimum" => "1",
        "maximum" => "1000",
      )
      expect(json["message_bus_last_id"]).to eq(MessageBus.last_id("/fiber-link/tips"))
    end

    it "asks the server for assets once a minute, whoever asks" do
      5.times do
        sign_in(Fabricate(:user))
        options
      end
      expect(server.calls("asset.list").size).to eq(1)
      freeze_time 61.seconds.from_now
      options
      expect(server.calls("asset.list").size).to eq(2)
    end

    it "leaves assets out that take no tips" do
      assets = wire_assets
      assets[:assets].first[:tips] = false
      server.on("asset.list") { assets }
      sign_in(current_user)
      options
      expect(json["assets"]).to eq([])
    end

    it "believes no list of assets that is none" do
      sign_in(current_user)
      [{}, { assets: nil }, { assets: [1] }, { assets: [{ asset: "CKB" }] }].each do |broken|
        server.on("asset.list") { broken }
        options
        expect_unavailable
      end
    end
  end

  describe "#open" do
    def open_tip(id = target_post.id)
      get "/fiber-link/tips/open.json", params: { post_id: id }
    end

    it_behaves_like "an endpoint of a tip", -> { open_tip }
    it_behaves_like "an endpoint of a post", ->(id) { open_tip(id) }

    it "finds the newest open tip of one's own for the post, without asking the server" do
      sign_in(current_user)
      mine = { post: target_post, user: current_user, state: "open" }
      Fabricate(:fiber_link_tip, **mine)
      newest = Fabricate(:fiber_link_tip, **mine)
      Fabricate(:fiber_link_tip, **mine, expires_at: 1.second.ago)
      Fabricate(:fiber_link_tip, **mine, state: "settled")
      Fabricate(:fiber_link_tip, **mine, state: "failed")
      Fabricate(:fiber_link_tip, **mine, post: Fabricate(:post))
      Fabricate(:fiber_link_tip, **mine, user: Fabricate(:user))
      open_tip
      expect(response).to match_fiber_link_schema("tip")
      expect(json["tip"]["id"]).to eq(newest.tip_id)
      expect(server.requests).to be_empty
    end

    it "finds nothing where there is none" do
      sign_in(current_user)
      open_tip
      expect(response.status).to eq(200)
      expect(json).to eq("tip" => nil)
    end
  end

  describe "#show" do
    fab!(:tip) do
      Fabricate(:fiber_link_tip, post: target_post, user: current_user, state: "open")
    end

    before { serve_events([]) }

    def show(id = tip.tip_id)
      get "/fiber-link/tips/#{id}.json"
    end

    it_behaves_like "an endpoint of a tip", -> { show }

    it "is for who gave the tip, and for nobody else" do
      [Fabricate(:user), target_post.user, Fabricate(:admin)].each do |somebody|
        sign_in(somebody)
        show
        expect(response.status).to eq(404)
      end
      sign_in(current_user)
      show
      expect(response.status).to eq(200)
      expect(response).to match_fiber_link_schema("tip")
      show("another")
      expect(response.status).to eq(404)
    end

    it "shows that the tip has settled as soon as the server says so" do
      serve_events([settled_event(tip)])
      sign_in(current_user)
      show
      expect(json["tip"]).to include("state" => "settled", "qr" => nil)
      expect(json["tip"]["settled_at"]).to be_present
    end

    it "shows the tip as it was while the server does not answer" do
      SiteSetting.fiber_link_service_url = "http://127.0.0.1:1"
      sign_in(current_user)
      show
      expect(response.status).to eq(200)
      expect(json["tip"]["state"]).to eq("open")
    end

    it "shows a tip as expired when its time is over" do
      server.on("tip.get") { server.error(-32_011, "words") }
      tip.update!(expires_at: 1.second.ago)
      sign_in(current_user)
      show
      expect(json["tip"]).to include("state" => "expired", "qr" => nil)
      expect(tip.reload.state).to eq("open")
    end

    it "learns from the server how a tip ended" do
      tip.update!(expires_at: 1.second.ago)
      sign_in(current_user)
      {
        "CANCELLED" => "failed",
        "EXPIRED" => "expired",
      }.each do |exact, state|
        tip.reload.update!(state: "open")
        Discourse.redis.flushdb
        ended = { state: "FAILED", exactState: exact, expiresAt: wire_time(1.second.ago) }
        server.on("tip.get") { wire_tip(tipId: tip.tip_id, **ended) }
        show
        expect(json["tip"]["state"]).to eq(state)
      end
      expect(server.calls("tip.get").first.params).to eq("tipId" => tip.tip_id)
    end

    it "shows a tip that is paid after its end as settled" do
      tip.update!(state: "expired", expires_at: 1.hour.ago)
      serve_events([settled_event(tip)])
      FiberLink::Feed.advance
      sign_in(current_user)
      show
      expect(json["tip"]["state"]).to eq("settled")
    end

    it "asks the server nothing about a tip that has ended" do
      tip.update!(state: "settled", settled_at: Time.zone.now)
      sign_in(current_user)
      show
      expect(server.requests).to be_empty
    end

    it "survives an invoice that fits into no QR code" do
      tip.update!(invoice: "aB" * 2000)
      sign_in(current_user)
      show
      expect(json["tip"]).to include("qr" => nil, "state" => "open")
    end
  end
end
