# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::PreferencesController do
  include_context "with a Fiber Link server"

  fab!(:current_user, :user)

  describe "#show" do
    def request
      get "/fiber-link/preferences.json"
    end

    it_behaves_like "an endpoint of one's own", limit: 60

    it "answers what one chose, and asks no server" do
      FiberLink::Preferences.change(current_user, notified: false)
      FiberLink::Preferences.change(Fabricate(:user), accepts_tips: false)
      server_is_away
      sign_in(current_user)
      request
      expect(response.status).to eq(200)
      expect(response).to match_fiber_link_schema("preferences")
      expect(response.parsed_body["preferences"]).to eq(
        "accepts_tips" => true,
        "notified" => false,
        "on_leaderboard" => false,
      )
    end
  end

  describe "#update" do
    def request(params = { notified: false })
      put "/fiber-link/preferences.json", params: params
    end

    it_behaves_like "an endpoint of one's own", limit: 20

    context "when logged in" do
      before { sign_in(current_user) }

      it "changes what is named and leaves the rest" do
        request(on_leaderboard: true)
        request(notified: false)
        expect(response.status).to eq(200)
        expect(response).to match_fiber_link_schema("preferences")
        expect(response.parsed_body["preferences"]).to eq(
          "accepts_tips" => true,
          "notified" => false,
          "on_leaderboard" => true,
        )
      end

      it "changes nobody else's" do
        other = Fabricate(:user)
        request(user_id: other.id, username: other.username, accepts_tips: false)
        expect(FiberLink::Preferences.for(other).accepts_tips?).to eq(true)
        expect(FiberLink::Preferences.for(current_user).accepts_tips?).to eq(false)
      end

      it "takes true and false alone, in JSON as well" do
        put "/fiber-link/preferences.json", params: { notified: false }, as: :json
        expect(response.parsed_body["preferences"]).to include("notified" => false)
        wrongs = [{}, { notified: "maybe" }, { notified: "" }, { notified: ["t"] }, { user_id: 7 }]
        wrongs.each do |bad|
          request(bad)
          expect(response.status).to eq(400)
        end
        expect(FiberLink::Preferences.for(current_user).notified?).to eq(false)
      end
    end
  end
end
