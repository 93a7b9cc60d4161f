# frozen_string_literal: true

require "rails_helper"

RSpec.describe "Fiber Link's settings" do
  it "refuses a service URL that is no http or https address" do
    ["ftp://x", "nonsense", "http://", "https://u:p@example.com", "https://x.com?a=1"].each do |url|
      expect { SiteSetting.fiber_link_service_url = url }.to raise_error(
        Discourse::InvalidParameters,
      )
    end
    SiteSetting.fiber_link_service_url = "https://fiber-link.example.com/base"
  end

  it "refuses a blank secret and one with a space around it" do
    ["", "   ", " s3cret", "s3cret\n"].each do |secret|
      expect { SiteSetting.fiber_link_app_secret = secret }.to raise_error(
        Discourse::InvalidParameters,
      )
    end
  end

  it "keeps the secret a secret and away from browsers" do
    expect(SiteSetting.secret_settings).to eq([:fiber_link_app_secret])
    expect(SiteSetting.client_settings_json).not_to include("secret", "service_url")
  end

  it "refuses quick amounts that are none" do
    ["0", "-1", "1e3", "1,5", "ten", "10|10", "1|2|3|4|5|6|7", ""].each do |amounts|
      expect { SiteSetting.fiber_link_quick_amounts = amounts }.to raise_error(
        Discourse::InvalidParameters,
      )
    end
    SiteSetting.fiber_link_quick_amounts = "0.00000001|1.50"
  end

  it "limits the tips per minute" do
    [0, 61].each do |count|
      expect { SiteSetting.fiber_link_tips_per_minute = count }.to raise_error(
        Discourse::InvalidParameters,
      )
    end
  end
end

RSpec.describe "Fiber Link's files" do
  it "define what their names say" do
    expect { Rails.autoloaders.main.eager_load }.not_to raise_error
  end
end
